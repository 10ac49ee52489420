/** All rules over HTTP. */
import type { rulesApi } from '@fairlead/shared/api/rules-api';
import { type PreviewDeps, previewHandlers } from '../assign/preview-target.ts';
import { auditHandlers } from '../audit/audit-handlers.ts';
import type { Handlers } from '../http/handlers.ts';
import { environmentHandlers } from './environment-handlers.ts';
import { groupHandlers } from './group-handlers.ts';
import { limitHandlers } from './limit-handlers.ts';
import type { RuleDeps } from './rule-deps.ts';
import { windowHandlers } from './window-handlers.ts';

export const rulesHandlers = (deps: PreviewDeps & RuleDeps): Handlers<typeof rulesApi> => ({
  ...previewHandlers(deps),
  ...groupHandlers(deps),
  ...windowHandlers(deps),
  ...limitHandlers(deps),
  ...environmentHandlers(deps),
  ...auditHandlers(deps),
});
