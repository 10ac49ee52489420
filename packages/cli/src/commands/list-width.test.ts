import { AUDIT_START, nextAuditEntry } from '@fairlead/shared/fleet/audit';
import { RULE_PRESETS } from '@fairlead/shared/fleet/environment-rules';
import { DEPLOYMENT_STATES } from '@fairlead/shared/fleet/states';
import type { Sha256 } from '@fairlead/shared/ids';
import { ROLLOUT_STATES } from '@fairlead/shared/rollout/states';
import type { SealedKey } from '@fairlead/shared/trust/sealed-key';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import type { CliContext } from '../context.ts';
import { createProgram } from '../program.ts';
import { newHome, runFairlead } from '../testing/run-fairlead.ts';
import { DIGEST, deployment, refusal, robot, rollout } from '../testing/views.ts';
import { writeKeyFile } from '../trust/key-files.ts';

/** Names as long as fleets have them, ids of twelve digits, every state, and large numbers. */
const ID = 'r9x2k7m4q0zt';
const COMPONENT = 'bipedal-locomotion-policy';
const VERSION = '2.14.0-rc.12';
const ROBOT = 'warehouse-munich-north-hall-3-duck-0421';
const PERSON = 'ci-pipeline-production';
const WHEN = '2026-11-21T09:00:00.000Z';
const SELECTOR = 'site in (munich,augsburg),board=jetson-orin-nx,environment=production';
const DETAIL = 'The service bipedal-locomotion.service restarted 12 times within 60 seconds after the switch.';
const named = { component: COMPONENT, version: VERSION };
const why = { ...refusal('too_many_failures'), detail: DETAIL };

const release = {
  ...named,
  environment: 'production',
  releaseCounter: 1042,
  manifestSha256: DIGEST,
  bundleSha256: DIGEST,
  bundleSize: 1_234_567_890,
  sizeOnDisk: 1_234_567_890,
  publishedAt: WHEN,
  publishedBy: PERSON,
};
const rollouts = ROLLOUT_STATES.map((state) =>
  rollout({ rollout: `ro_${ID}`, state, members: 10_000, spec: { ...rollout().spec, ...named } }),
);
const duck = robot({
  robot: ROBOT,
  group: 'warehouse-munich-north',
  components: [COMPONENT, 'navigation-perception', 'fairlead-agent'].map((component) => ({
    component,
    active: { version: VERSION, manifestSha256: DIGEST },
  })),
  activity: { state: 'probation', deployment: `dep_${ID}`, component: COMPONENT },
});
const alarm = {
  id: `al_${ID}`,
  robot: ROBOT,
  state: 'open',
  refusal: { ...why, component: COMPONENT },
  firstSeen: WHEN,
  lastSeen: WHEN,
  count: 1204,
};
const entry = nextAuditEntry(AUDIT_START, {
  at: Date.parse(WHEN),
  by: PERSON,
  action: 'rollout.emergency',
  element: `ro_${ID}`,
  detail: DETAIL,
  loud: true,
});
const window = {
  name: 'nights-of-munich-north',
  scope: { selector: SELECTOR },
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
};
const rule = { component: COMPONENT, channel: 'stable', branch: 'release/2026-11', selector: SELECTOR };
const rules = { ...RULE_PRESETS.recommended.production, autoDeploy: [rule], onFailure: { toVersion: VERSION } };

const KEY = {
  schema: 'fairlead.key.v1',
  role: 'development',
  publicKey: DIGEST as Sha256,
  kdf: { name: 'scrypt', N: 32_768, r: 8, p: 1, salt: 'c2FsdA==' },
  nonce: 'bm9uY2U=',
  box: 'Ym94',
} satisfies SealedKey;

/** What the control plane answers, by command; `key list` reads the disk instead. */
const LISTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'key list': {},
  'release list': { 'GET /api/v1/releases': { items: [release, { ...release, revoked: { at: WHEN, by: PERSON } }] } },
  'robot list': { 'GET /api/v1/robots': { items: [duck] } },
  'group list': {
    'GET /api/v1/groups': { items: [{ name: 'munich-north', kind: 'saved', selector: SELECTOR, robots: 1204 }] },
  },
  'rollout list': { 'GET /api/v1/rollouts': { items: rollouts, next: 'more' } },
  'deployment list': {
    'GET /api/v1/deployments': {
      items: DEPLOYMENT_STATES.map((state) =>
        deployment(state, { ...named, deployment: `dep_${ID}`, robot: ROBOT, createdBy: PERSON, refusal: why }),
      ),
    },
  },
  'alert list': { 'GET /api/v1/alerts': { items: [alarm], next: 'more' }, 'GET /api/v1/notices': { items: [entry] } },
  'window list': {
    'GET /api/v1/windows': {
      items: [{ ...window, from: '22:00', to: '04:30', zone: 'Europe/Berlin', open: true, changesAt: WHEN }],
    },
  },
  'budget list': {
    'GET /api/v1/limits': {
      budgets: [{ label: 'warehouse-site', value: 'munich-north-hall-3', maxUnavailable: '12%' }],
      quarantineAfter: 3,
    },
  },
  'environment list': {
    'GET /api/v1/environments': { development: rules, staging: rules, production: rules },
  },
  'audit list': { 'GET /api/v1/audit': { items: [entry], next: 'more' } },
  'user list': { 'GET /api/v1/users': { items: [{ name: PERSON, role: 'operator', createdAt: WHEN }] } },
  'token list': {
    'GET /api/v1/tokens': {
      items: [
        { id: `tok_${ID}`, name: 'nightly-builds-of-munich', user: PERSON, role: 'operator', createdAt: WHEN },
        { id: `tok_${ID}`, name: 'laptop', user: 'ann', role: 'admin', createdAt: WHEN, expiresAt: WHEN },
      ],
    },
  },
  [`rollout robots ro_${ID}`]: {
    [`GET /api/v1/rollouts/ro_${ID}`]: rollouts[0],
    [`GET /api/v1/rollouts/ro_${ID}/robots`]: {
      items: DEPLOYMENT_STATES.map((state) => ({ robot: ROBOT, stage: 0, state, refusal: why })),
    },
  },
  [`rollout history ro_${ID}`]: {
    [`GET /api/v1/rollouts/ro_${ID}/history`]: {
      items: [{ at: WHEN, by: PERSON, what: 'stage-inconclusive', detail: DETAIL }],
    },
  },
  [`deployment show dep_${ID}`]: {
    [`GET /api/v1/deployments/dep_${ID}`]: {
      deployment: deployment('rolled-back', { ...named, robot: ROBOT }),
      events: [{ at: WHEN, state: 'rolled-back', by: ROBOT, refusal: why }],
    },
  },
};

const NARROW = { terminal: true, env: { NO_COLOR: '1' } };

describe('on a terminal of 80 columns', () => {
  test.each(Object.entries(LISTS))('fairlead %s is not wider', async (line, script) => {
    const home = newHome();
    await writeKeyFile(home, KEY);
    const { stdout, stderr, exitCode } = await runFairlead(line, { script, home, ...NARROW });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').filter((each) => each.length > 80)).toEqual([]);
  });

  test.each(['rollout list', 'deployment list', 'token list', 'alert list'])(
    'every row of fairlead %s begins with its whole id',
    async (line) => {
      const { stdout } = await runFairlead(line, { script: LISTS[line] ?? {}, ...NARROW });
      expect(stdout).toMatch(new RegExp(`^[a-z]+_${ID} `, 'm'));
    },
  );

  test('a cell that is too long goes on below and is complete', async () => {
    const { stdout } = await runFairlead('robot list', { script: LISTS['robot list'] ?? {}, ...NARROW });
    const [heading = '', ...rows] = stdout.split('\n');
    const from = heading.indexOf('RUNS');
    const runs = rows.map((row) => row.slice(from, heading.indexOf('DOING')).trim()).join('');
    expect(runs).toBe(`${COMPONENT}@${VERSION}navigation-perception@${VERSION}fairlead-agent@${VERSION}`);
  });

  test('rows of usual length take one line each', async () => {
    const items = [rollout({ rollout: `ro_${ID}`, members: 250 })];
    const usual = await runFairlead('rollout list', { script: { 'GET /api/v1/rollouts': { items } }, ...NARROW });
    expect(usual.stdout.trimEnd().split('\n')).toHaveLength(2);
    const published = {
      ...release,
      component: 'duck-policy',
      version: '2.1.0',
      publishedBy: 'ann',
      bundleSize: 9_400_000,
    };
    const script = { 'GET /api/v1/releases': { items: [published] } };
    expect((await runFairlead('release list', { script, ...NARROW })).stdout.trimEnd().split('\n')).toHaveLength(2);
  });
});

test('in a pipe a row stays one line', async () => {
  const { stdout } = await runFairlead('rollout list', { script: LISTS['rollout list'] ?? {} });
  expect(stdout.match(/^ro_/gm)).toHaveLength(ROLLOUT_STATES.length);
  expect(stdout.trimEnd().split('\n')).toHaveLength(ROLLOUT_STATES.length + 2);
});

test('no command that lists is left out here', () => {
  // Adding a command only describes it: the context is for those that run.
  const { command } = createProgram(() => ({}) as CliContext);
  expect(Object.keys(LISTS)).toEqual(expect.arrayContaining(listsOf(command)));
});

const listsOf = ({ commands }: Command, path = ''): string[] =>
  commands.flatMap((each) => {
    const name = `${path} ${each.name()}`.trim();
    return [...(each.name() === 'list' ? [name] : []), ...listsOf(each as Command, name)];
  });
