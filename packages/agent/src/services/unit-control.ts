/** Port and adapters: who carries out `systemctl start`, `stop` and `reset-failed` for the agent. `allowed` only asks. */
import { connect } from 'node:net';
import { type Ran, systemctl } from './systemctl.ts';

export type Verb = 'start' | 'stop' | 'reset-failed' | 'allowed';

/** Never rejects; `said` is what a person should read where it is not ok. */
export type UnitControl = (verb: Verb, unit: string) => Promise<Ran & { readonly isForbidden?: boolean }>;

/** Where the package's helper listens (systemd/fairlead-services.socket). */
export const SERVICES_SOCKET = '/run/fairlead-services.sock';

/** By ourselves: root, or whom polkit lets. */
export const directControl =
  (program: string, timeoutMs: number): UnitControl =>
  (verb, unit) =>
    // Nobody can say before who polkit lets.
    verb === 'allowed' ? Promise.resolve({ ok: true, said: '' }) : systemctl(program, [verb, '--', unit], timeoutMs);

/** Through the helper, which starts and stops what the robot's owner allowed and nothing else. */
export const helperControl =
  (socket: string, timeoutMs: number): UnitControl =>
  (verb, unit) =>
    new Promise((resolve) => {
      let answer = '';
      const line = connect(socket);
      line.setTimeout(timeoutMs, () => line.destroy(new Error(`no answer from ${socket} in ${timeoutMs / 1000} s`)));
      line.setEncoding('utf8');
      line.on('data', (text: string) => (answer = (answer + text).slice(0, 4096)));
      line.on('error', (error) => resolve({ ok: false, said: error.message }));
      line.on('close', () => {
        const [verdict = '', ...said] = answer.trim().split('\n');
        const why = said.join('\n').slice(0, 500);
        if (verdict === 'ok') resolve({ ok: true, said: '' });
        else if (verdict === 'not-allowed') resolve({ ok: false, said: NOT_ALLOWED, isForbidden: true });
        else resolve({ ok: false, said: why === '' ? 'the helper gave no answer' : why });
      });
      line.end(`${verb} ${unit}`);
    });

const NOT_ALLOWED = 'the robot does not allow Fairlead to start and stop this unit';
