/**
 * The robot's voice, in order: what was signed and is not acknowledged yet (`flight`), and where the chain stands.
 *
 * It lies in a file of its own beside the key, written whole and durably, because it must survive what the queue
 * may not: after a lost spool the chain goes on where the server stands. A report leaves the queue in two steps,
 * (1) signed and written here under its queue key, (2) removed from the queue; a crash between them is seen by the key.
 * Once signed, a report is sent as exactly those bytes: two contents under one `seq` are how a cloned robot looks.
 */
import { readFile } from 'node:fs/promises';
import { Failure } from '@fairlead/shared/failure';
import { type RobotId, Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { Envelope } from '@fairlead/shared/trust/assignment';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { GENESIS_REPORT } from '@fairlead/shared/trust/report';
import { signReport } from '@fairlead/shared/trust/sign-report';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { type Static, Type } from 'typebox';
import type { QueuedEvent } from './outbox.ts';

const closed = { additionalProperties: false };
const Link = Type.Object({ seq: Type.Integer({ minimum: 0 }), sha256: Sha256 }, closed);
const Signed = Type.Object(
  { key: Type.String(), seq: Type.Integer({ minimum: 1 }), sha256: Sha256, envelope: Envelope },
  closed,
);
export type SignedReport = Static<typeof Signed>;
/** Reads a report that was signed and written by this robot. */
export const readSignedReport = (value: unknown): SignedReport | undefined => {
  const parsed = parse(Signed, value);
  return parsed.ok ? parsed.value : undefined;
};
const ChainFile = Type.Object(
  { schema: Type.Literal('fairlead.report-chain.v1'), acknowledged: Link, flight: Type.Array(Signed) },
  closed,
);
type ChainFile = Static<typeof ChainFile>;
const GENESIS: ChainFile = {
  schema: 'fairlead.report-chain.v1',
  acknowledged: { seq: 0, sha256: GENESIS_REPORT },
  flight: [],
};

export interface ReportChain {
  /** Signed and not acknowledged, in order of `seq`. */
  flight(): readonly SignedReport[];
  /** The key that signs it. */
  readonly keyid: Sha256;
  /** The last `seq` that the server has acknowledged. */
  acknowledged(): number;
  /** Signs `events` behind what is in flight; durable when it resolves. */
  board(events: readonly QueuedEvent[]): Promise<void>;
  /** Everything up to `seq` is the server's now. A `seq` this robot never signed is refused with `Failure`. */
  land(seq: number): Promise<void>;
  /** Puts acknowledged reports, up to the last one, before what is in flight: the server has lost them. */
  sendAgain(reports: readonly SignedReport[]): Promise<void>;
}

/**
 * Never rejects: a chain that can't be read is tried again at every delivery, whose trouble it is, and facts wait in the
 * queue. A robot that can't speak is still a robot.
 */
export async function openReportChain(file: string, robot: RobotId, signer: Signer): Promise<ReportChain> {
  let chain: ChainFile | undefined = await readChain(file).catch(() => undefined);
  const read = async (): Promise<ChainFile> => (chain ??= await readChain(file));
  const save = async (next: ChainFile): Promise<void> => {
    await writeDurably(file, JSON.stringify(next), { mode: 0o600 });
    chain = next;
  };
  const sign = ({ key, body, ...event }: QueuedEvent, last: Static<typeof Link>): SignedReport => {
    const seq = last.seq + 1;
    const envelope = signReport(
      { schema: 'fairlead.report.v1', robot, seq, prevReportSha256: last.sha256, ...event, body },
      signer,
    );
    return { key, seq, sha256: sha256Hex(Buffer.from(envelope.payload, 'base64')), envelope };
  };

  return {
    keyid: signer.keyid,
    flight: () => chain?.flight ?? [],
    acknowledged: () => chain?.acknowledged.seq ?? 0,
    async board(events) {
      const now = await read();
      const flight = [...now.flight];
      for (const event of events) flight.push(sign(event, headOf({ ...now, flight })));
      await save({ ...now, flight });
    },
    async land(seq) {
      const now = await read();
      if (seq > headOf(now).seq) throw new Failure(ahead(seq, headOf(now).seq));
      const landed = now.flight.findLast((signed) => signed.seq <= seq);
      if (!landed) return;
      await save({
        ...now,
        acknowledged: { seq: landed.seq, sha256: landed.sha256 },
        flight: now.flight.filter((signed) => signed.seq > seq),
      });
    },
    async sendAgain(reports) {
      const now = await read();
      const [first] = reports;
      if (!first || reports.at(-1)?.seq !== now.acknowledged.seq) return;
      const acknowledged = { seq: first.seq - 1, sha256: digestBefore(first) };
      await save({ ...now, acknowledged, flight: [...reports, ...now.flight] });
    },
  };
}

const Continues = Type.Object({ prevReportSha256: Sha256 });

function digestBefore({ envelope }: SignedReport): Sha256 {
  const parsed = parse(Continues, readJson(Buffer.from(envelope.payload, 'base64').toString('utf8')));
  if (!parsed.ok) throw new Error('a report that this robot has signed names the one before it');
  return parsed.value.prevReportSha256;
}

function headOf(chain: ChainFile): Static<typeof Link> {
  const last = chain.flight.at(-1);
  return last ? { seq: last.seq, sha256: last.sha256 } : chain.acknowledged;
}

async function readChain(file: string): Promise<ChainFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return GENESIS;
    throw error;
  }
  const parsed = parse(ChainFile, readJson(text));
  if (parsed.ok) return parsed.value;
  throw new Failure({
    phase: 'report',
    element: file,
    category: 'store_damaged',
    detail: 'The record of sent reports is damaged, so this robot can no longer prove its history.',
    retryable: false,
    hint: 'Enrol this robot again with a new key: fairlead-agent enroll --new-key.',
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const ahead = (server: number, own: number) =>
  ({
    phase: 'report',
    element: 'reports',
    category: 'fork',
    detail: `The control plane has reports up to ${server} in this robot's name; this robot signed ${own}.`,
    retryable: false,
    hint: 'Another machine holds this robot’s key, or its disk was restored from a copy. Enrol it again with a new key.',
  }) as const;
