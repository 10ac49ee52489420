/**
 * What an environment asks before robots of it change: who must agree, what becomes of robots when it goes wrong, and
 * what is deployed by itself. A fresh install asks nothing, so that one person can start.
 */
import { type Static, Type } from 'typebox';
import type { Refusal } from '../failure.ts';
import type { ComponentName, EnvironmentName, Version } from '../ids.ts';
import { FailurePolicy } from '../rollout/rollout-spec.ts';

const closed = { additionalProperties: false };
/** Who may do it at least. Viewers never. */
const ROLE = Type.Enum(['operator', 'admin']);

export const AutoDeploy = Type.Object(
  {
    component: Type.String({
      pattern: '^(\\*|[a-z][a-z0-9-]{0,62})$',
      description: 'A component, or * for every one.',
    }),
    channel: Type.String({
      pattern: '^[A-Za-z0-9.*-]{1,60}$',
      description:
        'Which versions: the first word of the pre-release (2.1.0-dev.fix.1a2b: dev), or stable for versions without one. * stands for any characters.',
    }),
    branch: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'Only releases built from a branch like this: release/*',
      }),
    ),
    selector: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'The robots of this environment that get it.',
    }),
  },
  closed,
);
export type AutoDeploy = Static<typeof AutoDeploy>;

export const EnvironmentRules = Type.Object(
  {
    approvals: Type.Enum(['none', 'one', 'two'], {
      description: 'How many people must agree to a rollout; never its author.',
    }),
    approvalTtlSec: Type.Integer({
      minimum: 60,
      maximum: 30 * 86400,
      description: 'How long a rollout waits for them, and how long their word holds. Default 86400.',
    }),
    approverRole: ROLE,
    onFailure: { ...FailurePolicy, description: 'What a failed gate does, where the rollout itself does not say.' },
    staged: Type.Boolean({
      description: 'Several robots change only by a staged rollout; a direct deploy is for one robot.',
    }),
    autoDeploy: Type.Optional(
      Type.Array(AutoDeploy, { maxItems: 50, description: 'What is deployed as soon as it is published.' }),
    ),
    breakGlassRole: ROLE,
  },
  closed,
);
export type EnvironmentRules = Static<typeof EnvironmentRules>;
export type RulesByEnvironment = Readonly<Record<EnvironmentName, EnvironmentRules>>;

const FRESH: EnvironmentRules = {
  approvals: 'none',
  approvalTtlSec: 86_400,
  approverRole: 'operator',
  onFailure: 'pause',
  staged: false,
  breakGlassRole: 'admin',
};

const everywhere = (rules: EnvironmentRules): RulesByEnvironment => ({
  development: rules,
  staging: rules,
  production: rules,
});

/** `recommended`: development deploys by itself, staging asks one person, production two and in stages. */
export const RULE_PRESETS = {
  fresh: everywhere(FRESH),
  recommended: {
    development: {
      ...FRESH,
      onFailure: 'halt',
      autoDeploy: [{ component: '*', channel: '*', selector: 'environment=development' }],
    },
    staging: { ...FRESH, approvals: 'one' },
    production: { ...FRESH, approvals: 'two', staged: true },
  },
} as const satisfies Record<string, RulesByEnvironment>;
export type RulePreset = keyof typeof RULE_PRESETS;

export const APPROVALS_NEEDED = { none: 0, one: 1, two: 2 } as const satisfies Record<
  EnvironmentRules['approvals'],
  number
>;

export interface PublishedForAutoDeploy {
  readonly component: ComponentName;
  readonly version: Version;
  /** As the git pipeline wrote it into the manifest. */
  readonly branch?: string;
}

/** What forbids to give these robots an order without a rollout; undefined where nothing does. */
export function directOrderForbidden(
  environment: EnvironmentName,
  { approvals, staged }: EnvironmentRules,
  robots: number,
): Refusal | undefined {
  const no = (category: string, detail: string) => ({
    phase: 'assign' as const,
    element: environment,
    category,
    detail,
    retryable: false,
    hint: 'Make it a rollout: the same command with --staged. In an emergency: --emergency --force --reason TEXT.',
  });
  if (approvals !== 'none') {
    const people = approvals === 'one' ? 'another person agrees' : 'two other people agree';
    return no(
      'needs_approval',
      `In ${environment} nothing changes before ${people}, and only a rollout can be agreed to.`,
    );
  }
  if (staged && robots > 1)
    return no('needs_rollout', `In ${environment} ${robots} robots change only by a staged rollout.`);
  return undefined;
}

/** Those rules of an environment by which this release is deployed without anybody asking; none where the list is empty. */
export const matchesAutoDeploy = (
  { autoDeploy = [] }: EnvironmentRules,
  { component, version, branch }: PublishedForAutoDeploy,
): readonly AutoDeploy[] =>
  autoDeploy.filter(
    (rule) =>
      (rule.component === '*' || rule.component === component) &&
      fits(rule.channel, channelOf(version)) &&
      (rule.branch === undefined || (branch !== undefined && fits(rule.branch, branch))),
  );

/** `2.1.0-dev.my-branch.1a2b3c4d` is of the channel `dev`, `2.1.0` of `stable`. */
export const channelOf = (version: Version): string => /^[^-+]+-([^.+]+)/.exec(version)?.[1] ?? 'stable';

/** `*` stands for any characters, `/` among them. */
function fits(pattern: string, text: string): boolean {
  const [head = '', ...tails] = pattern.split('*');
  if (tails.length === 0) return pattern === text;
  if (!text.startsWith(head)) return false;
  let at = head.length;
  const last = tails.pop() ?? '';
  for (const part of tails) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
