/** What operators and monitoring ask meanwhile: how long each of their questions takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './http-load.ts';
import type { World } from './world.ts';

export interface Question {
  readonly name: string;
  readonly times: number;
  readonly p50: number;
  readonly p99: number;
}

/** Asks everything in turn, ten questions a second, until stopped. */
export function askMeanwhile({ url, robots, fleet }: World): { stop(): Promise<Question[]> } {
  const { api } = fleet;
  const someRobot = () => ({ params: { robot: (robots[Math.floor(Math.random() * robots.length)] ?? never()).name } });
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    'robots, a page of 100': () => api.listRobots({ query: { limit: 100 } }),
    'robots of a selector': () => api.listRobots({ query: { selector: 'group=site-3,floor in (13,23)', limit: 100 } }),
    'one robot': () => api.showRobot(someRobot()),
    'explain one robot': () => api.explainRobot(someRobot()),
    'fleet status': () => api.fleetStatus(),
    rollouts: () => api.listRollouts({ query: {} }),
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
  };
  const took = new Map<string, number[]>(Object.keys(questions).map((name) => [name, []]));
  let stopped = false;
  const asking = (async () => {
    while (!stopped) {
      for (const [name, ask] of Object.entries(questions)) {
        const from = performance.now();
        await ask();
        took.get(name)?.push(performance.now() - from);
        await sleep(100);
        if (stopped) break;
      }
    }
  })();
  return {
    async stop() {
      stopped = true;
      await asking;
      return [...took].map(([name, each]) => ({
        name,
        times: each.length,
        p50: percentile(each, 0.5),
        p99: percentile(each, 0.99),
      }));
    },
  };
}

const never = (): never => {
  throw new Error('there are no robots');
};
