/**
 * The network of the guests of one test file: a namespace `cloud` with a bridge in it, where the control plane runs,
 * a namespace per robot that hangs on that bridge by a cable of its own, and a cable to the test.
 */
import { ask, must } from './host.ts';
import { openPremises } from './premises.ts';

export interface Cloud {
  readonly namespace: string;
  /** Of the control plane, as robots and operators know it. */
  readonly address: string;
  plugIn(robot: string): Promise<Cable>;
  close(): Promise<void>;
}
export interface Cable {
  readonly namespace: string;
  /** The cloud's end of it. */
  readonly plug: string;
  /** Of the robot. */
  readonly address: string;
  pull(): Promise<void>;
  putBack(): Promise<void>;
  remove(): Promise<void>;
}

let clouds = 0;

export async function openCloud(): Promise<Cloud> {
  const { prefix } = await openPremises();
  const number = (clouds += 1);
  const namespace = `${prefix}-cloud${number}`;
  // Two test files, or two people on one machine, must not meet.
  const place = (process.pid * 8 + number) % 2 ** 14;
  const network = `10.${192 + (place >> 8)}.${place & 255}`;
  // An interface's name has 15 characters.
  const cable = `fg${process.pid}n${number}`;
  await must('ip', 'netns', 'add', namespace);
  await must('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
  await must('ip', '-n', namespace, 'link', 'add', 'bridge', 'type', 'bridge');
  await must('ip', '-n', namespace, 'address', 'add', `${network}.1/24`, 'dev', 'bridge');
  await must('ip', '-n', namespace, 'link', 'set', 'bridge', 'up');
  await must('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'test', 'netns', namespace);
  await must('ip', '-n', namespace, 'link', 'set', 'test', 'master', 'bridge', 'up');
  await must('ip', 'address', 'add', `${network}.254/24`, 'dev', cable);
  await must('ip', 'link', 'set', cable, 'up');
  let robots = 0;
  return {
    namespace,
    address: `${network}.1`,
    async plugIn(robot) {
      const at = (robots += 1);
      const own = `${prefix}-${robot}-${number}`;
      const plug = `r${at}`;
      const address = `${network}.${9 + at}`;
      await must('ip', 'netns', 'add', own);
      await must('ip', '-n', namespace, 'link', 'add', plug, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own);
      await must('ip', '-n', namespace, 'link', 'set', plug, 'master', 'bridge', 'up');
      await must('ip', '-n', own, 'link', 'set', 'lo', 'up');
      await must('ip', '-n', own, 'address', 'add', `${address}/24`, 'dev', 'eth0');
      await must('ip', '-n', own, 'link', 'set', 'eth0', 'up');
      return {
        namespace: own,
        plug,
        address,
        pull: async () => void (await must('ip', '-n', namespace, 'link', 'set', plug, 'down')),
        putBack: async () => void (await must('ip', '-n', namespace, 'link', 'set', plug, 'up')),
        remove: async () => void (await ask('ip', 'netns', 'delete', own)),
      };
    },
    async close() {
      await ask('ip', 'link', 'delete', cable);
      await ask('ip', 'netns', 'delete', namespace);
    },
  };
}
