/**
 * `npm run simulate -- --robots 10000 --seed 7`: a fleet in virtual time, its real control plane, and a rough world.
 * The same seed is the same story; docs/simulation.md says what is real in it.
 */
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { sayOutcome } from '../tests/simulation/say-outcome.ts';
import { simulate } from '../tests/simulation/simulation.ts';
import { STORIES } from '../tests/simulation/stories/stories.ts';
import { hoursFor } from '../tests/simulation/world/pace.ts';

const USAGE = `npm run simulate -- [--robots 100] [--seed 1] [--hours 6] [--story ${STORIES.map(({ name }) => name).join('|')}]

--robots   how many
--seed     the same seed is the same story, event for event
--hours    of virtual time in which the world is rough; half as many follow in which it is kind (6 by default, less for large fleets)
--story    what people do`;

const { values } = parseArgs({
  options: {
    robots: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    hours: { type: 'string' },
    story: { type: 'string', default: STORIES[0]?.name ?? '' },
    help: { type: 'boolean', default: false },
  },
});
const [robots, seed, hours] = [
  Number(values.robots),
  Number(values.seed),
  Number(values.hours ?? hoursFor(Number(values.robots))),
];
const story = STORIES.find(({ name }) => name === values.story);
const isSound = Number.isInteger(robots) && robots > 0 && Number.isInteger(seed) && hours > 0 && story !== undefined;
if (values.help || !isSound) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(values.help ? 0 : 2);
}

const isTerminal = process.stdout.isTTY;
const clear = (): void => void (isTerminal && process.stdout.write('\r\x1b[K'));
const outcome = await simulate({
  seed,
  robots,
  hours,
  story,
  onLine: ({ at, says }) => {
    clear();
    process.stdout.write(`${pc.dim(new Date(at).toISOString().slice(5, 19).replace('T', ' '))}  ${says}\n`);
  },
  onProgress: ({ share, now, checkIns }) => {
    if (!isTerminal) return;
    const done = Math.round(share * 30);
    const time = new Date(now).toISOString().slice(11, 16);
    clear();
    process.stdout.write(`${'█'.repeat(done)}${'░'.repeat(30 - done)} ${time}  ${checkIns} check-ins`);
  },
});
clear();
const replay = `npm run simulate -- --robots ${robots} --seed ${seed} --hours ${hours} --story ${story.name}`;
process.stdout.write(`\n${sayOutcome(outcome, replay, pc)}\n`);
process.exitCode = outcome.failure ? 1 : 0;
