/** Runs the command line in this process against a scripted control plane, and keeps what it said. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Transport, TransportRequest } from '@fairlead/shared/api/client';
import type { Problem, ProblemCode } from '@fairlead/shared/api/problem';
import { openOutbound } from '@fairlead/toolkit/http/outbound';
import { onTestFinished } from 'vitest';
import { createContext } from '../context.ts';
import { createProgram } from '../program.ts';
import { runProgram } from '../run-program.ts';

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly asked: readonly { readonly method: string; readonly path: string; readonly body: unknown }[];
  readonly requests: readonly TransportRequest[];
}
/** Answers by `METHOD /path`; a function may answer differently each time. */
export type Script = Readonly<Record<string, unknown>>;

export interface Setting {
  readonly script?: Script;
  readonly env?: NodeJS.ProcessEnv;
  readonly home?: string;
  readonly stdin?: string;
  /** Replaces the scripted control plane altogether. */
  readonly transport?: Transport;
  /** Whether stdout is a terminal, of 80 columns. Usage errors keep to it too. */
  readonly terminal?: boolean;
}

export function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'fairlead-cli-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

export async function runFairlead(line: string | readonly string[], setting: Setting = {}): Promise<Said> {
  const requests: TransportRequest[] = [];
  const scripted: Transport = async (request) => {
    requests.push(request);
    const answer = setting.script?.[`${request.method} ${request.url.pathname}`];
    const value: unknown = typeof answer === 'function' ? answer() : (answer ?? problem('not_found', 404));
    const status = isProblem(value) ? value.status : 200;
    return { status, headers: {}, body: new TextEncoder().encode(JSON.stringify(value)) };
  };
  let stdout = '';
  const stderr = Object.assign(new PassThrough(), { text: '' });
  stderr.on('data', (chunk) => (stderr.text += String(chunk)));
  const stdin = Object.assign(new PassThrough(), { isTTY: false, text: '' });
  stdin.end(setting.stdin ?? '');
  const program = createProgram((options) =>
    createContext({
      env: { FAIRLEAD_HOME: setting.home ?? newHome(), FAIRLEAD_SERVER: 'http://fleet.test', ...setting.env },
      stdin,
      stdout: { write: (text) => (stdout += text), isTTY: setting.terminal === true, columns: 80 },
      stderr,
      transport: setting.transport ?? scripted,
      send: openOutbound(() => ({})),
      options,
    }),
  );
  const silent = {
    writeErr: (text: string) => stderr.write(text),
    writeOut: (text: string) => (stdout += text),
    getErrHelpWidth: () => (setting.terminal === true ? 80 : 0),
  };
  for (const command of [program.command, ...program.command.commands.flatMap((it) => [it, ...it.commands])]) {
    command.configureOutput(silent);
  }
  const argv = typeof line === 'string' ? line.split(' ') : line;
  const exitCode = await runProgram(program, argv, stderr);
  const asked = requests.map(({ method, url, body }) => ({
    method,
    path: url.pathname + url.search,
    body: read(body),
  }));
  return { exitCode, stdout, stderr: stderr.text, asked, requests };
}

export const problem = (code: ProblemCode | 'unexpected_answer', status: number, more: Partial<Problem> = {}) => ({
  type: 'about:blank',
  title: code,
  status,
  code,
  detail: `It is ${code}.`,
  ...more,
});

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'about:blank';

const read = (body: Uint8Array | undefined): unknown =>
  body === undefined ? undefined : JSON.parse(new TextDecoder().decode(body));
