/** A robot application that is busy for a while: node busy-robot.ts SOCKET SECONDS [SAFE_STATE_PORT]. */
import { setTimeout as pause } from 'node:timers/promises';
import { connectAgent, serveSafeState } from './fairlead-client.ts';

const [socket, seconds = '10', port] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const agent = connectAgent(socket);
if (port !== undefined) {
  const maySwitch = async ({ to }: { readonly to: string }): Promise<undefined> => {
    say(`may it switch to ${to}`);
  };
  serveSafeState(Number(port), maySwitch, (outcome) => say(`over: ${outcome}`));
}

await agent.busy(
  'navigation',
  'mapping run',
  async () => {
    say(`busy: ${(await agent.leases())[0]?.reason}`);
    await pause(Number(seconds) * 1000);
  },
  3,
);
await agent.postFacts({ docked: true, standingStill: true, batteryPercent: 90 });
say('free');
