/** A private CA with certificates for a server and a client, made by openssl for one test. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const run = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'ignore' });

/** Whether this machine has openssl; tests skip where it has not. */
export function hasOpenssl(): boolean {
  try {
    run('version');
    return true;
  } catch {
    return false;
  }
}

export interface PrivateCa {
  readonly caFile: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
}

/** The server's certificate is for `host` and localhost. */
export function privateCa(host: string): PrivateCa {
  const folder = mkdtempSync(join(tmpdir(), 'private-ca-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string): string => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  run(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=Site CA',
    '-days',
    '2',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  writeFileSync(file('ext'), `subjectAltName=DNS:${host},DNS:localhost\n`);
  const issue = (name: string): void => {
    run('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`));
    const ca = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('ext')];
    run('x509', '-req', '-in', file(`${name}.csr`), ...ca, '-days', '2', '-out', file(`${name}.pem`));
  };
  issue('server');
  issue('client');
  return {
    caFile: file('ca.pem'),
    server: { cert: readFileSync(file('server.pem'), 'utf8'), key: readFileSync(file('server.key'), 'utf8') },
    clientCertFile: file('client.pem'),
    clientKeyFile: file('client.key'),
  };
}
