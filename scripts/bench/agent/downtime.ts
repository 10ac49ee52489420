/**
 * How long an application does not answer while something restarts it: from the last answer of the old process to the
 * first one of the new, asked again as soon as it has answered, several thousand times a second.
 */
import { Agent, get } from 'node:http';

export interface Downtime {
  readonly ms: number;
  /** Of the questions, as far as somebody answered: how sharp the figure is. */
  readonly questionsPerSec: number;
}
interface Sighting {
  readonly pid: number;
  readonly at: number;
}

/** `act` resolves when the restart was brought about; the new process is then waited for. */
export async function downtimeOf(url: string, act: () => Promise<unknown>): Promise<Downtime> {
  const first = await see(url);
  if (!first) throw new Error(`Nothing answers at ${url}.`);
  let last = first;
  let questions = 0;
  const acted = act();
  let failure: unknown;
  acted.catch((error: unknown) => (failure = error));
  for (;;) {
    const seen = await see(url);
    if (failure !== undefined) throw failure;
    if (!seen) continue;
    if (seen.pid !== first.pid) {
      await acted;
      return { ms: seen.at - last.at, questionsPerSec: (questions * 1000) / Math.max(1, last.at - first.at) };
    }
    last = seen;
    questions += 1;
  }
}

/** One connection, kept; a new one after it was lost. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const see = (url: string): Promise<Sighting | undefined> =>
  new Promise((resolve) => {
    const question = get(`${url}/health`, { agent }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('error', () => resolve(undefined));
      reply.on('end', () => {
        const { pid } = JSON.parse(Buffer.concat(chunks).toString());
        resolve({ pid, at: performance.now() });
      });
    });
    question.on('error', () => resolve(undefined));
  });
