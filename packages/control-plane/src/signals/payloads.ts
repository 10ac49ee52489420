/** Signals as the text of notifications: PostgreSQL takes less than 8000 bytes in each. */
import { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { type Static, Type } from 'typebox';
import { TOPICS } from './signals.ts';

const Payload = Type.Object({
  /** The replica that tells it, so that it does not hear itself twice. */
  from: Type.String(),
  robots: Type.Array(RobotId),
  topics: Type.Array(Type.Enum([...TOPICS])),
});
type Payload = Static<typeof Payload>;

const MOST_BYTES = 7900;

/** As few texts as all of it fits into. */
export function toPayloads({ from, robots, topics }: Payload): readonly string[] {
  const texts: string[] = [];
  const frame = Buffer.byteLength(JSON.stringify({ from, robots: [], topics }));
  let part: RobotId[] = [];
  let bytes = frame;
  const close = () => {
    texts.push(JSON.stringify({ from, robots: part, topics: texts.length === 0 ? topics : [] }));
    part = [];
    bytes = frame;
  };
  for (const robot of robots) {
    const more = Buffer.byteLength(JSON.stringify(robot)) + 1;
    if (bytes + more > MOST_BYTES) close();
    part.push(robot);
    bytes += more;
  }
  if (part.length > 0 || (topics.length > 0 && texts.length === 0)) close();
  return texts;
}

/** Undefined for what is not one of ours: anybody with the database may notify. */
export function fromPayload(text: string): Payload | undefined {
  try {
    const payload = parse(Payload, JSON.parse(text));
    return payload.ok ? payload.value : undefined;
  } catch {
    return undefined;
  }
}
