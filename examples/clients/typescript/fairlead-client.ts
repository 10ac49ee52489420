/**
 * A small client of fairlead-agent's local API: HTTP over a Unix socket, with Node alone.
 *
 *     const agent = connectAgent('/var/lib/fairlead/agent.sock');
 *     await agent.busy('navigation', 'mapping run', () => mapTheHall()); // nothing is switched in here
 *     await agent.postFacts({ docked: true, batteryPercent: 81 });
 */
import { createServer, request, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Lease {
  readonly owner: string;
  readonly reason: string;
  readonly expiresAt: string;
  readonly ageSec: number;
  readonly remainingSec: number;
}
export interface RobotFacts {
  readonly batteryPercent?: number;
  readonly charging?: boolean;
  readonly docked?: boolean;
  readonly standingStill?: boolean;
  readonly temperatureC?: number;
  readonly link?: 'ethernet' | 'wifi' | 'cellular';
  readonly metered?: boolean;
}
/** The agent said no: its words, and its stable code. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: string;
  constructor(problem: { code?: string; detail?: string; hint?: string }) {
    super([problem.detail ?? 'refused', problem.hint].filter(Boolean).join(' '));
    this.code = problem.code ?? 'unexpected_answer';
  }
}
export interface LocalAgent {
  leases(): Promise<readonly Lease[]>;
  takeLease(owner: string, reason: string, seconds: number): Promise<Lease>;
  extendLease(owner: string, seconds: number): Promise<Lease>;
  releaseLease(owner: string): Promise<Lease>;
  postFacts(facts: RobotFacts): Promise<RobotFacts>;
  explain(): Promise<{ readonly sentence: string }>;
  /** Holds a lease around a task. It is extended while the task runs, and expires if this program dies. */
  busy<T>(owner: string, reason: string, task: () => Promise<T>, seconds?: number): Promise<T>;
}

export function connectAgent(socketPath = '/var/lib/fairlead/agent.sock'): LocalAgent {
  const call = (method: string, path: string, body?: unknown) => exchange({ socketPath, method, path }, body);
  const pathOf = (owner: string): string => `/leases/${encodeURIComponent(owner)}`;
  const agent: LocalAgent = {
    leases: async () => ((await call('GET', '/leases')) as { leases: Lease[] }).leases,
    takeLease: async (owner, reason, ttlSec) => (await call('POST', '/leases', { owner, reason, ttlSec })) as Lease,
    extendLease: async (owner, ttlSec) => (await call('PUT', pathOf(owner), { ttlSec })) as Lease,
    releaseLease: async (owner) => (await call('DELETE', pathOf(owner))) as Lease,
    postFacts: async (facts) => (await call('POST', '/facts', facts)) as RobotFacts,
    explain: async () => (await call('GET', '/explain')) as { sentence: string },
    async busy(owner, reason, task, seconds = 60) {
      await agent.takeLease(owner, reason, seconds);
      const keep = async (): Promise<void> => {
        try {
          await agent.extendLease(owner, seconds);
        } catch (error) {
          // Where no agent answers it restarts: its leases are durable, and we ask again.
          if (error instanceof AgentError) await agent.takeLease(owner, reason, seconds);
        }
      };
      const keeper = setInterval(() => void keep().catch(() => undefined), (seconds * 1000) / 3);
      try {
        return await task();
      } finally {
        clearInterval(keeper);
        // Over already, or no agent there: then it ends by itself.
        await agent.releaseLease(owner).catch(() => undefined);
      }
    },
  };
  return agent;
}

export interface SafeStateQuestion {
  readonly event: 'may-switch';
  readonly component: string;
  readonly to: string;
  readonly from?: string;
  /** The switch follows at once. */
  readonly final: boolean;
}

/**
 * Answers the agent's safe-state question on 127.0.0.1 (`safeState: {url: http://127.0.0.1:PORT/}` in agent.yaml).
 * `maySwitch` brings the robot into a safe state, or resolves to why not; `over` is called when the robot may go on.
 */
export function serveSafeState(
  port: number,
  maySwitch: (question: SafeStateQuestion) => Promise<string | undefined>,
  over: (outcome: 'switched' | 'given-up') => void = () => undefined,
): Server {
  const server = createServer((question, response) => {
    const answer = async (): Promise<object> => {
      const words = JSON.parse((await buffer(question)).toString('utf8')) as
        | SafeStateQuestion
        | { event: 'over'; outcome: 'switched' | 'given-up' };
      if (words.event === 'may-switch') {
        const why = await maySwitch(words);
        return why === undefined ? { safe: true } : { safe: false, reason: why, retryAfterSec: 5 };
      }
      over(words.outcome);
      return { safe: true };
    };
    answer().then(
      (said) => response.setHeader('content-type', 'application/json').end(JSON.stringify(said)),
      () => response.writeHead(500).end(),
    );
  });
  return server.listen(port, '127.0.0.1');
}

function exchange(to: { socketPath: string; method: string; path: string }, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...to, headers: { 'content-type': 'application/json' }, timeout: 10_000 }, (reply) => {
      buffer(reply)
        .then((bytes) => {
          const answer: unknown = JSON.parse(bytes.toString('utf8'));
          if ((reply.statusCode ?? 500) < 300) resolve(answer);
          else reject(new AgentError(answer as ConstructorParameters<typeof AgentError>[0]));
        })
        .catch(reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('the agent did not answer in time')));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
