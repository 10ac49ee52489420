/** The fleet's rules: groups, maintenance windows, limits, what environments ask; and the log of who did what. */
import { type Static, Type } from 'typebox';
import { LARGEST_INT32, textLine } from '../bounds.ts';
import { Refusal } from '../failure.ts';
import { AuditEntry } from '../fleet/audit.ts';
import { EnvironmentRules } from '../fleet/environment-rules.ts';
import { DisruptionBudget, FleetLimits } from '../fleet/limits.ts';
import { MaintenanceWindow } from '../fleet/maintenance-window.ts';
import { RuleName, SavedGroup } from '../fleet/saved-group.ts';
import { PRESENCES, Presence } from '../fleet/states.ts';
import { Target } from '../fleet/target.ts';
import { ComponentName, ENVIRONMENTS, EnvironmentName, RobotId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };
const Done = Type.Object({});
const Named = Type.Object({ name: RuleName }, closed);
const Page = {
  cursor: Type.Optional(textLine(200)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100.' })),
};
const Replace = Type.Optional(
  Type.Boolean({ description: 'Take the place of one with that name. Without it, that is refused.' }),
);

const GroupView = Type.Object({
  name: Type.String(),
  kind: Type.Enum(['saved', 'own'], {
    description: 'saved: whoever its selector chooses. own: robots that carry this group themselves.',
  }),
  selector: Type.Optional(Type.String()),
  robots: Type.Integer({ description: 'Accepted robots in it at this moment.' }),
});

export const WindowView = Type.Object({
  ...MaintenanceWindow.properties,
  open: Type.Boolean(),
  changesAt: Type.Optional({ ...Timestamp, description: 'When it opens or closes next; absent where it never does.' }),
});

const AllRules = Type.Object(
  Object.fromEntries(ENVIRONMENTS.map((name) => [name, EnvironmentRules])) as Record<
    EnvironmentName,
    typeof EnvironmentRules
  >,
);
/** A limit that is null is taken away. */
const orNone = (says: string) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: LARGEST_INT32 }), Type.Null()], { description: says }));

export const PREVIEW_VERDICTS = ['meant', 'changes', 'runs-it', 'refused'] as const;
const PREVIEW_SHOWS = [...PREVIEW_VERDICTS, 'silent', 'outside-window'] as const;
const PreviewedRobot = Type.Object({
  robot: RobotId,
  environment: EnvironmentName,
  group: Type.Optional(Type.String()),
  presence: Presence,
  runs: Type.Optional({ ...Version, description: 'What it runs of that component, as it says.' }),
  verdict: Type.Enum([...PREVIEW_VERDICTS], {
    description: 'changes: it would be given the release. meant: no release was named.',
  }),
  refusal: Type.Optional(Refusal),
  window: Type.Optional(
    Type.Object({ name: Type.String(), opensAt: Timestamp }, { description: 'It could not switch before that.' }),
  ),
});
export type PreviewedRobot = Static<typeof PreviewedRobot>;
export const Preview = Type.Object({
  counts: Type.Optional(
    Type.Object(
      {
        robots: Type.Integer({ description: 'Everybody who is meant.' }),
        environments: Type.Partial(Type.Record(EnvironmentName, Type.Integer())),
        presence: Type.Record(Type.Enum([...PRESENCES]), Type.Integer()),
        verdicts: Type.Record(Type.Enum([...PREVIEW_VERDICTS]), Type.Integer()),
        refusals: Type.Record(Type.String(), Type.Integer(), { description: 'By category.' }),
        outsideWindow: Type.Integer({ description: 'Robots whose maintenance window is shut at this moment.' }),
        forbidden: Type.Optional({
          ...Refusal,
          description: 'Why a direct order to all of these would be refused as a whole.',
        }),
      },
      { description: 'On the first page only.' },
    ),
  ),
  items: Type.Array(PreviewedRobot),
  next: Type.Optional(Type.String()),
});
export type Preview = Static<typeof Preview>;

export const rulesApi = {
  previewTarget: {
    method: 'POST',
    path: '/api/v1/targets/preview',
    access: 'viewer',
    tag: 'deployments',
    summary: 'Exactly which robots a target means, and what a release would do on each; changes nothing',
    body: Type.Object(
      {
        target: Target,
        component: Type.Optional(ComponentName),
        version: Type.Optional(Version),
        allowDowngrade: Type.Optional(Type.Boolean()),
        show: Type.Optional(Type.Enum([...PREVIEW_SHOWS], { description: 'Only these robots; counts are of all.' })),
        ...Page,
      },
      closed,
    ),
    reply: Preview,
  },
  listGroups: {
    method: 'GET',
    path: '/api/v1/groups',
    access: 'viewer',
    tag: 'rules',
    summary: 'Saved groups, and the groups that robots carry themselves',
    reply: Type.Object({ items: Type.Array(GroupView) }),
  },
  createGroup: {
    method: 'POST',
    path: '/api/v1/groups',
    access: 'operator',
    tag: 'rules',
    summary: 'A name for whichever robots a selector chooses',
    body: Type.Object({ ...SavedGroup.properties, replace: Replace }, closed),
    reply: SavedGroup,
    status: 201,
  },
  deleteGroup: {
    method: 'DELETE',
    path: '/api/v1/groups/:name',
    access: 'operator',
    tag: 'rules',
    summary: 'Forget a saved group; its robots stay as they are',
    params: Named,
    reply: Done,
  },
  listWindows: {
    method: 'GET',
    path: '/api/v1/windows',
    access: 'viewer',
    tag: 'rules',
    summary: 'Maintenance windows, and which are open now',
    query: Type.Object(
      { robot: Type.Optional({ ...RobotId, description: 'Only the windows that count for this robot.' }) },
      closed,
    ),
    reply: Type.Object({ items: Type.Array(WindowView) }),
  },
  createWindow: {
    method: 'POST',
    path: '/api/v1/windows',
    access: 'admin',
    tag: 'rules',
    summary: 'When the fleet, a group, a selection or one robot may switch',
    body: Type.Object({ ...MaintenanceWindow.properties, replace: Replace }, closed),
    reply: WindowView,
    status: 201,
  },
  deleteWindow: {
    method: 'DELETE',
    path: '/api/v1/windows/:name',
    access: 'admin',
    tag: 'rules',
    summary: 'Take a maintenance window away',
    params: Named,
    reply: Done,
  },
  showLimits: {
    method: 'GET',
    path: '/api/v1/limits',
    access: 'viewer',
    tag: 'rules',
    summary: 'How much of the fleet may be in update at once',
    reply: FleetLimits,
  },
  changeLimits: {
    method: 'PATCH',
    path: '/api/v1/limits',
    access: 'admin',
    tag: 'rules',
    summary: 'Change limits of the whole fleet; what is not named stays',
    body: Type.Object(
      {
        maxConcurrent: orNone('Robots between grant and end at once. null: no limit.'),
        maxStaging: orNone('Robots that download, stage and test at once. null: no limit.'),
        quarantineAfter: Type.Optional(FleetLimits.properties.quarantineAfter),
      },
      closed,
    ),
    reply: FleetLimits,
  },
  saveBudget: {
    method: 'PUT',
    path: '/api/v1/limits/budgets',
    access: 'admin',
    tag: 'rules',
    summary: 'How many robots per value of a label may be in update at once',
    body: DisruptionBudget,
    reply: FleetLimits,
  },
  deleteBudget: {
    method: 'DELETE',
    path: '/api/v1/limits/budgets',
    access: 'admin',
    tag: 'rules',
    summary: 'Take a disruption budget away',
    query: Type.Object({ label: DisruptionBudget.properties.label, value: DisruptionBudget.properties.value }, closed),
    reply: FleetLimits,
  },
  showEnvironments: {
    method: 'GET',
    path: '/api/v1/environments',
    access: 'viewer',
    tag: 'rules',
    summary: 'What each environment asks before its robots change',
    reply: AllRules,
  },
  changeEnvironment: {
    method: 'PATCH',
    path: '/api/v1/environments/:environment',
    access: 'admin',
    tag: 'rules',
    summary: 'Change the rules of an environment; what is not named stays',
    params: Type.Object({ environment: EnvironmentName }, closed),
    body: Type.Partial(EnvironmentRules, closed),
    reply: AllRules,
  },
  presetEnvironments: {
    method: 'POST',
    path: '/api/v1/environments/preset',
    access: 'admin',
    tag: 'rules',
    summary: 'Give all environments the rules of a preset',
    body: Type.Object({ preset: Type.Enum(['fresh', 'recommended']) }, closed),
    reply: AllRules,
  },
  listAudit: {
    method: 'GET',
    path: '/api/v1/audit',
    access: 'viewer',
    tag: 'audit',
    summary: 'Who did what, when and why',
    query: Type.Object(
      {
        by: Type.Optional(
          Type.String({
            maxLength: 260,
            description: 'A person, with what their API tokens did; or one of these tokens.',
          }),
        ),
        action: Type.Optional(textLine(63)),
        element: Type.Optional(textLine(300)),
        order: Type.Optional(Type.Enum(['oldest-first', 'newest-first'], { description: 'Default newest-first.' })),
        ...Page,
      },
      closed,
    ),
    reply: Type.Object({ items: Type.Array(AuditEntry), next: Type.Optional(Type.String()) }),
  },
  verifyAudit: {
    method: 'GET',
    path: '/api/v1/audit/verify',
    access: 'viewer',
    tag: 'audit',
    summary: 'Whether every entry of the audit log still follows the one before it',
    callsPerMinute: 10,
    reply: Type.Object({
      entries: Type.Integer(),
      sha256: { ...Sha256, description: 'Of the newest entry that holds: note it elsewhere, and compare.' },
      broken: Type.Optional(Type.Object({ seq: Type.Integer(), detail: Type.String() })),
    }),
  },
  listNotices: {
    method: 'GET',
    path: '/api/v1/notices',
    access: 'viewer',
    tag: 'audit',
    summary: 'What everybody should know of the last day (break glass, overrides), until you acknowledge it',
    reply: Type.Object({ items: Type.Array(AuditEntry) }),
  },
  acknowledgeNotice: {
    method: 'POST',
    path: '/api/v1/notices/:seq/acknowledge',
    access: 'viewer',
    tag: 'audit',
    summary: 'I have seen it; others are still shown it',
    params: Type.Object(
      { seq: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'The number of a notice.' }) },
      closed,
    ),
    reply: Done,
  },
} as const satisfies Api;
