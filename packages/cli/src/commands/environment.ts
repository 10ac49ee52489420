/** What each environment asks before its robots change. */
import type { AutoDeploy, EnvironmentRules, RulesByEnvironment } from '@fairlead/shared/fleet/environment-rules';
import { ENVIRONMENTS, EnvironmentName, Version } from '@fairlead/shared/ids';
import { type Command, Option } from 'commander';
import { Type } from 'typebox';
import { argument } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

interface SetOptions {
  readonly approvals?: EnvironmentRules['approvals'];
  readonly approvalTtl?: number;
  readonly approverRole?: EnvironmentRules['approverRole'];
  readonly onFailure?: EnvironmentRules['onFailure'];
  readonly staged?: boolean;
  readonly breakGlassRole?: EnvironmentRules['breakGlassRole'];
}
interface AutoDeployOptions extends Pick<AutoDeploy, 'component' | 'channel'> {
  readonly branch?: string;
  readonly selector?: string;
}
const HOUR_SEC = 3600;
const hours = argument(Type.Integer({ minimum: 1, maximum: 720, description: 'Whole hours, 1 to 720.' }));
const role = (flag: string, says: string) => new Option(flag, says).choices(['operator', 'admin']);

export function addEnvironmentCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const environments = program.command('environment').description('approvals, failure policy, automatic deploys');
  const show = (rules: RulesByEnvironment) => out.done(rules, () => tell(context, rules));
  const oneOf = (name: string, says: string) =>
    environments
      .command(name)
      .description(says)
      .argument('<environment>', ENVIRONMENTS.join(', '), environmentArgument);
  const change = async (environment: EnvironmentName, body: Partial<EnvironmentRules>) =>
    show(await context.client().operator.changeEnvironment({ params: { environment }, body }));

  environments
    .command('list')
    .description('the rules of every environment')
    .action(async () => show(await context.client().operator.showEnvironments()));

  oneOf('set', 'change rules; what is not named stays (admin)')
    .addOption(
      new Option('--approvals <how-many>', 'people besides the author who must agree').choices(['none', 'one', 'two']),
    )
    .option('--approval-ttl <hours>', 'how long a rollout waits for them', hours)
    .addOption(role('--approver-role <role>', 'who may agree, at least'))
    .option('--on-failure <policy>', 'pause, halt, revert, or the version to go to', failureArgument)
    .option('--staged', 'several robots change only by a staged rollout')
    .option('--no-staged', 'a direct deploy may name several robots')
    .addOption(role('--break-glass-role <role>', 'who may skip all this in an emergency, at least'))
    .action(async (environment: EnvironmentName, options: SetOptions) => {
      const { approvalTtl, ...rest } = options;
      const body = { ...rest, ...(approvalTtl !== undefined && { approvalTtlSec: approvalTtl * HOUR_SEC }) };
      if (Object.keys(body).length > 0) return change(environment, body);
      throw new CliError('Which rule?', { hint: 'See fairlead environment set --help.', exitCode: EXIT.usage });
    });

  oneOf('auto-deploy', 'what is published for a channel is deployed at once (admin)')
    .requiredOption('--channel <pattern>', 'dev, stable, rc*: the first word of the pre-release; * for all')
    .option('--component <name>', 'one component', '*')
    .option('--branch <pattern>', 'only what was built from such a branch: main, release/*')
    .option('--selector <selector>', 'which robots; default all of the environment')
    .action(async (environment: EnvironmentName, { selector, ...options }: AutoDeployOptions) => {
      const { [environment]: rules } = await context.client().operator.showEnvironments();
      const rule = { ...options, selector: selector ?? `environment=${environment}` };
      await change(environment, { autoDeploy: [...(rules.autoDeploy ?? []), rule] });
    });
  oneOf('no-auto-deploy', 'nothing is deployed by itself any more (admin)').action(
    async (environment: EnvironmentName) => change(environment, { autoDeploy: [] }),
  );

  environments
    .command('preset')
    .description('rules for all environments at once (admin)')
    .addArgument(program.createArgument('<preset>', PRESETS).choices(['fresh', 'recommended']))
    .action(async (preset: 'fresh' | 'recommended') => {
      show(await context.client().operator.presetEnvironments({ body: { preset } }));
    });
}

const PRESETS = 'fresh: nothing is asked. recommended: staging one approval, production two and in stages';

const environmentArgument = argument(EnvironmentName) as (text: string) => EnvironmentName;

function failureArgument(text: string): EnvironmentRules['onFailure'] {
  if (text === 'pause' || text === 'halt' || text === 'revert') return text;
  return { toVersion: argument(Version)(text) };
}

function tell({ out }: CliContext, rules: RulesByEnvironment): void {
  out.table(
    ['ENVIRONMENT', 'APPROVALS', 'STAGED', 'ON FAILURE', 'BREAK GLASS'],
    ENVIRONMENTS.map((name) => {
      const { approvals, approverRole, approvalTtlSec, staged, onFailure, breakGlassRole } = rules[name];
      const agreed = `${approvals} (${approverRole}, ${Math.round(approvalTtlSec / HOUR_SEC)} h)`;
      return [
        name,
        approvals === 'none' ? 'none' : agreed,
        staged ? 'yes' : 'no',
        typeof onFailure === 'string' ? onFailure : `to ${onFailure.toVersion}`,
        breakGlassRole,
      ];
    }),
  );
  const automatic = ENVIRONMENTS.flatMap((name) => (rules[name].autoDeploy ?? []).map((rule) => ({ name, rule })));
  if (automatic.length === 0) return;
  out.table(
    ['DEPLOYS BY ITSELF', 'COMPONENT', 'CHANNEL', 'BRANCH', 'TO'],
    automatic.map(({ name, rule: { component, channel, branch, selector } }) => [
      name,
      component,
      channel,
      branch ?? '*',
      selector,
    ]),
  );
}
