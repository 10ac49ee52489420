/** Port and adapters: who carries out `systemctl start`, `stop` and `reset-failed` for the agent. `allowed` only asks. */
import { connect } from 'node:net';
import { type Ran, systemctl } from './systemctl.ts';

export type Verb = 'start' | 'stop' | 'reset-failed' | 'allowed';
export type Answer = Ran & {
  readonly isForbidden?: boolean;
  /** The request was sent, and nobody said how it ended. */
  readonly isUnanswered?: boolean;
};

/** Never rejects; `said` is what a person should read where it is not ok. Unanswered after `timeoutMs`. */
export type UnitControl = (verb: Verb, unit: string, timeoutMs: number) => Promise<Answer>;

/** Where the package's helper listens (systemd/fairlead-services.socket). */
export const SERVICES_SOCKET = '/run/fairlead-services.sock';

/** By ourselves: root, or whom polkit lets. */
export const directControl =
  (program: string): UnitControl =>
  (verb, unit, timeoutMs) =>
    // Nobody can say before who polkit lets.
    verb === 'allowed' ? Promise.resolve({ ok: true, said: '' }) : systemctl(program, [verb, '--', unit], timeoutMs);

/** Through the helper, which starts and stops what the robot's owner allowed and nothing else. */
export const helperControl =
  (socket: string): UnitControl =>
  (verb, unit, timeoutMs) =>
    new Promise((resolve) => {
      let answer = '';
      let failed: string | undefined;
      const line = connect(socket);
      line.setTimeout(timeoutMs, () => line.destroy(new Error(`no answer from ${socket} in ${timeoutMs / 1000} s`)));
      line.setEncoding('utf8');
      line.on('data', (text: string) => (answer = (answer + text).slice(0, 4096)));
      line.on('error', (error) => (failed = error.message));
      line.on('close', () => {
        const [verdict = '', ...said] = answer.trim().split('\n');
        const why = said.join('\n').slice(0, 500);
        if (verdict === 'ok') resolve({ ok: true, said: '' });
        else if (verdict === 'not-allowed') resolve({ ok: false, said: why || NOT_ALLOWED, isForbidden: true });
        else if (verdict === 'failed') resolve({ ok: false, said: why });
        // The helper of an older package is ended after 150 s, whatever systemd is doing.
        else resolve({ ok: false, said: failed ?? 'the helper gave no answer', isUnanswered: true });
      });
      line.end(`${verb} ${unit}`);
    });

const NOT_ALLOWED = 'the robot does not allow Fairlead to start and stop this unit';
