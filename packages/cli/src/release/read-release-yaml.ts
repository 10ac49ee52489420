/** The author's file, with every mistake reported by file, line and key. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCredentials, checkHealthChecks } from '@fairlead/shared/release/check-health-checks';
import { checkSections } from '@fairlead/shared/release/check-sections';
import { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import { type ExaminedYaml, examineYaml } from '@fairlead/toolkit/yaml-file';

/**
 * Throws where the file cannot be read at all. With mistakes, `value` is what is left to check: what is wrong is left out,
 * and a wrong component or version has a default.
 */
export async function readReleaseYaml(folder: string): Promise<ExaminedYaml<ReleaseYaml>> {
  const content = await readFile(join(folder, 'release.yaml'));
  const examined = examineYaml(ReleaseYaml, content, 'release.yaml', { component: 'component', version: '0.0.0' });
  const { value, omitted, locate, mistakes } = examined;
  if (!value) return examined;
  const { healthChecks = [] } = value;
  const found = [...checkSections(value), ...checkHealthChecks(healthChecks), ...checkCredentials(healthChecks)];
  // Whether there is something to monitor can be said only of sections that can be read.
  const isMonitoringUnknown = omitted.has('healthChecks') || omitted.has('services');
  const sure = found.filter(({ at }) => !(at === '/monitoring' && isMonitoringUnknown));
  return { ...examined, mistakes: [...mistakes, ...locate(sure)] };
}
