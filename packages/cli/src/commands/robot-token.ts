/** `robot token`: a one-time token, as the one command line that a new robot needs. */
import { EnvironmentName, RobotId } from '@fairlead/shared/ids';
import type { Command } from 'commander';
import { Type } from 'typebox';
import { argument } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { changedLabels } from './labels.ts';

interface TokenOptions {
  readonly environment: EnvironmentName;
  readonly robot?: RobotId;
  readonly group?: string;
  readonly label: string[];
  readonly ttlMin?: number;
}
const Minutes = Type.Integer({ minimum: 1, maximum: 30 * 24 * 60, description: '1 to 43200 minutes.' });

export function addRobotToken(robots: Command, context: CliContext): void {
  const { out } = context;
  robots
    .command('token')
    .description('make a one-time token and print the command that enrols a robot with it')
    .requiredOption('--environment <name>', 'development, staging or production', argument(EnvironmentName))
    .option('--robot <name>', 'only a robot of this name may use it', argument(RobotId))
    .option('--group <group>', 'the group the robot will belong to')
    .option('--label <key=value...>', 'labels the robot will carry', [])
    .option('--ttl-min <minutes>', 'how long the token can be used; default 60', argument(Minutes))
    .action(async ({ environment, robot, group, label, ttlMin }: TokenOptions) => {
      const { operator, publish } = context.client();
      const { rootSha256 } = await publish.trustState();
      const body = {
        environment,
        ...(robot !== undefined && { robot }),
        ...(group !== undefined && { group }),
        ...(label.length > 0 && { labels: changedLabels({}, label) }),
        ...(ttlMin !== undefined && { ttlSec: ttlMin * 60 }),
      };
      const made = await operator.createEnrolmentToken({ body });
      if (rootSha256 === undefined) {
        out.warn('this control plane has no trust root yet; run fairlead trust init first');
      }
      // The root's digest travels with the person who enrols, not with the server's answer (TRUST 4.11).
      const enrol = ['fairlead-agent', 'enroll', '--server', context.server(), '--environment', environment];
      if (robot !== undefined) enrol.push('--robot', robot);
      if (rootSha256 !== undefined) enrol.push('--root-sha256', rootSha256);
      enrol.push('--token', made.token);
      const command = enrol.join(' ');
      out.done({ ...made, ...(rootSha256 !== undefined && { rootSha256 }), command }, () => {
        out.line(`Run on the robot before ${made.expiresAt}; the token works once:`, 'dim');
        out.line(command);
      });
    });
}
