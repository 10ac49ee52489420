/** `config`: the control plane's settings, one key at a time. */
import { checkSettings, Settings } from '@fairlead/shared/fleet/settings';
import { type Mistake, parse } from '@fairlead/shared/parse';
import type { Command } from 'commander';
import { describeSchema } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

const KEYS = Object.keys(Settings.properties);

export function addConfigCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const config = program.command('config').description('check-in pace and presence thresholds');
  const show = (settings: Settings) =>
    out.done(settings, () => {
      out.table(
        ['KEY', 'VALUE', ''],
        Object.entries(Settings.properties).map(([key, schema]) => [
          key,
          settings[key as keyof Settings],
          { text: describeSchema(schema) ?? '', tone: 'dim' },
        ]),
      );
    });

  config
    .command('get')
    .description('all settings, or one')
    .argument('[key]')
    .action(async (key?: string) => {
      const settings = await context.client().operator.showSettings();
      if (key === undefined) return show(settings);
      const found = Object.entries(settings).find(([name]) => name === key);
      if (!found) throw unknownKey(key);
      out.done({ [key]: found[1] }, () => out.line(String(found[1])));
    });
  config
    .command('set')
    .description('change settings (admin)')
    .argument('<key=value...>')
    .action(async (changes: string[]) => {
      const { operator } = context.client();
      const wanted: Record<string, number> = { ...(await operator.showSettings()) };
      for (const change of changes) {
        const [key = '', value = ''] = change.split('=', 2);
        if (!KEYS.includes(key)) throw unknownKey(key);
        wanted[key] = Number(value || Number.NaN);
      }
      const settings = parse(Settings, wanted);
      if (!settings.ok) {
        throw mistaken(settings.refused);
      }
      const mistakes = checkSettings(settings.value);
      if (mistakes.length > 0) throw mistaken(mistakes);
      show(await operator.changeSettings({ body: settings.value }));
    });
}

const mistaken = (mistakes: readonly Mistake[]): CliError =>
  new CliError(mistakes.map(({ at, message }) => `${at.slice(1)} ${message}`).join('; '), {
    hint: 'Several settings can be changed in one command: fairlead config set KEY=VALUE KEY=VALUE.',
    exitCode: EXIT.usage,
  });

const unknownKey = (key: string): CliError =>
  new CliError(`There is no setting ${key}.`, { hint: `Settings: ${KEYS.join(', ')}`, exitCode: EXIT.usage });
