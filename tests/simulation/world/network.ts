/** The line between a robot (or a person) and the server: slow, and it loses questions and answers alike. */
import type { Transport, TransportReply, TransportRequest } from '@fairlead/shared/api/client';
import { SECOND } from '@fairlead/shared/time';
import type { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';
import type { FaultProfile } from './faults.ts';
import type { Server } from './server.ts';

export interface Line {
  readonly agenda: Agenda;
  readonly server: Server;
  readonly chance: Chance;
  /** As of now: faults end before a simulation does. */
  readonly faults: () => FaultProfile;
  readonly isCut: () => boolean;
  /** The address the server sees. */
  readonly from: string;
  readonly injected: (fault: string) => void;
  /** Answers in the server's place, where somebody does. */
  readonly impostor?: (request: TransportRequest) => TransportReply | undefined;
}

class NetworkFault extends Error {
  override readonly name = 'NetworkFault';
}

export const faultyLine =
  (line: Line): Transport =>
  async (request) => {
    const { agenda, server, chance, faults, isCut, from, injected } = line;
    await agenda.sleep(chance.between(0.01, 0.4) * SECOND);
    if (isCut()) throw new NetworkFault('no route to host');
    const { lostQuestions, lostAnswers, serverErrors } = faults();
    if (chance.happens(lostQuestions)) {
      injected('question lost');
      throw new NetworkFault('the question was lost');
    }
    if (chance.happens(serverErrors)) {
      injected('server error');
      return unwell(chance);
    }
    const reply = line.impostor?.(request) ?? (await server.exchange(request, from));
    // The answer is on its way while the world goes on: an operator may pause in between.
    await agenda.sleep(
      chance.between(0.01, 0.4) * SECOND + (chance.happens(0.01) ? chance.between(1, 20) * SECOND : 0),
    );
    if (isCut() || chance.happens(lostAnswers)) {
      injected('answer lost');
      throw new NetworkFault('the answer was lost');
    }
    return reply;
  };

/** A proxy without a backend, or one that asks for patience. */
const unwell = (chance: Chance): TransportReply => ({
  status: chance.oneOf([500, 502, 503]),
  headers: chance.happens(0.3) ? { 'retry-after': '10' } : {},
  body: Buffer.from('{"message":"upstream is not well"}'),
});

/** A server that says it has stored what it has not. */
export function swallowReports({ url, body }: TransportRequest): TransportReply | undefined {
  if (!url.pathname.endsWith('/reports') || !body) return undefined;
  const { envelopes } = JSON.parse(Buffer.from(body).toString()) as { envelopes: { payload: string }[] };
  const last = JSON.parse(Buffer.from(envelopes.at(-1)?.payload ?? '', 'base64').toString()) as { seq: number };
  const reply = JSON.stringify({ acknowledgedSeq: last.seq });
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(reply) };
}
