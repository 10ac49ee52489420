/** What must hold of the robot's situation before it switches, as agent.yaml says; unknown is not good (DESIGN 7.6). */
import type { Refusal } from '@fairlead/shared/failure';
import { type Static, Type } from 'typebox';
import { LINKS, type PostedFacts } from './posted-facts.ts';

const closed = { additionalProperties: false };
export const ConditionCommand = Type.Object(
  {
    run: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
      minItems: 1,
      maxItems: 100,
      description: 'Program and arguments, no shell.',
    }),
    timeoutSec: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, description: 'Default 5.' })),
  },
  closed,
);
export type ConditionCommand = Static<typeof ConditionCommand>;

export const Preconditions = Type.Object(
  {
    battery: Type.Optional(
      Type.Object(
        {
          minPercent: Type.Number({ minimum: 0, maximum: 100 }),
          orCharging: Type.Optional(Type.Boolean({ description: 'On the charger any level is enough.' })),
        },
        closed,
      ),
    ),
    docked: Type.Optional(Type.Literal(true)),
    standingStill: Type.Optional(Type.Literal(true)),
    maxTemperatureC: Type.Optional(Type.Number()),
    link: Type.Optional(
      Type.Array(Type.Enum([...LINKS]), {
        minItems: 1,
        uniqueItems: true,
        description: 'Links on which it may switch.',
      }),
    ),
    unmetered: Type.Optional(Type.Literal(true)),
    maxFactAgeSec: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 86_400, description: 'How long a posted fact counts. Default 60.' }),
    ),
    facts: Type.Optional({
      ...ConditionCommand,
      description: 'Prints facts as JSON, as POST /facts takes them: for robots whose application posts none.',
    }),
    checks: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({
              pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
              description: 'Lower-case letters, digits and dashes, at most 63.',
            }),
            ...ConditionCommand.properties,
            hint: Type.Optional(Type.String({ maxLength: 500, description: 'What a person does about it.' })),
          },
          closed,
        ),
        { maxItems: 20, description: 'Programs of which each must end with exit code 0.' },
      ),
    ),
  },
  { ...closed, description: 'What must hold before a switch: by facts the application posts, or by commands.' },
);
export type Preconditions = Static<typeof Preconditions>;

export type Lack = Pick<Refusal, 'element' | 'category' | 'detail' | 'hint'>;

/** The first that does not hold; undefined where all do. */
export function firstLack(wanted: Preconditions, facts: PostedFacts): Lack | undefined {
  return (
    batteryLack(wanted, facts) ??
    yesLack(wanted.docked, facts.docked, 'docked', 'not_docked', 'The robot is not docked.', 'Send it to its dock.') ??
    yesLack(
      wanted.standingStill,
      facts.standingStill,
      'standingStill',
      'moving',
      'The robot is moving.',
      'It switches when it stands still.',
    ) ??
    temperatureLack(wanted, facts) ??
    linkLack(wanted, facts) ??
    yesLack(wanted.unmetered, not(facts.metered), 'metered', 'metered_link', METERED.detail, METERED.hint)
  );
}

const METERED = { detail: 'The link is metered.', hint: 'It goes on when the robot is on an unmetered link.' };
/** The same for a download, which asks for nothing else. */
export const meteredLack = (facts: PostedFacts): Lack | undefined => firstLack({ unmetered: true }, facts);

function batteryLack({ battery }: Preconditions, { batteryPercent, charging }: PostedFacts): Lack | undefined {
  if (!battery || (battery.orCharging && charging)) return undefined;
  if (batteryPercent === undefined) return unknown('batteryPercent');
  if (batteryPercent >= battery.minPercent) return undefined;
  return {
    element: 'battery',
    category: 'battery_low',
    detail: `The battery is at ${batteryPercent} %; at least ${battery.minPercent} % are asked for.`,
    hint: battery.orCharging ? 'Put the robot on its charger.' : 'Charge the robot.',
  };
}

function temperatureLack({ maxTemperatureC: most }: Preconditions, { temperatureC }: PostedFacts): Lack | undefined {
  if (most === undefined) return undefined;
  if (temperatureC === undefined) return unknown('temperatureC');
  if (temperatureC <= most) return undefined;
  const detail = `The robot is at ${temperatureC} °C; at most ${most} °C are asked for.`;
  return { element: 'temperature', category: 'too_hot', detail, hint: 'Let it cool down.' };
}

function linkLack({ link: wanted }: Preconditions, { link }: PostedFacts): Lack | undefined {
  if (!wanted) return undefined;
  if (link === undefined) return unknown('link');
  if (wanted.includes(link)) return undefined;
  const detail = `The robot is on ${link}; ${wanted.join(' or ')} is asked for.`;
  return { element: 'link', category: 'wrong_link', detail, hint: `Bring it onto ${wanted.join(' or ')}.` };
}

function yesLack(
  wanted: true | undefined,
  holds: boolean | undefined,
  fact: keyof PostedFacts,
  category: string,
  detail: string,
  hint: string,
): Lack | undefined {
  if (!wanted || holds) return undefined;
  return holds === undefined ? unknown(fact) : { element: fact, category, detail, hint };
}

const unknown = (fact: keyof PostedFacts): Lack => ({
  element: fact,
  category: 'fact_unknown',
  detail: `Nobody has said of late what ${fact} is, and unknown is not good enough.`,
  hint: `Does the application run and post ${fact} to the agent (POST /facts)?`,
});

const not = (value: boolean | undefined): boolean | undefined => (value === undefined ? undefined : !value);
