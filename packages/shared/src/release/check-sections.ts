/** What a schema cannot say about the author's sections: ranges that are ranges, paths that lead where they say. */
import valid from 'semver/functions/valid.js';
import validRange from 'semver/ranges/valid.js';
import type { Mistake } from '../parse.ts';
import type { Monitoring } from './monitoring.ts';
import type { HealthCheck, SmokeTest } from './release-yaml.ts';
import type { Requirements } from './requirements.ts';

interface Sections {
  readonly component: string;
  readonly version: string;
  readonly requires?: Requirements;
  readonly smokeTests?: readonly SmokeTest[];
  readonly services?: readonly string[];
  readonly healthChecks?: readonly HealthCheck[];
  readonly monitoring?: Monitoring;
  readonly state?: { readonly backup: readonly string[] };
}

/** Mistakes by JSON pointer, the same in release.yaml and in the manifest. */
export function checkSections(sections: Sections): Mistake[] {
  const { component, version, requires = {}, smokeTests = [], services = [], healthChecks = [], state } = sections;
  const mistakes: Mistake[] = [];
  if (valid(version) === null) mistakes.push({ at: '/version', message: `"${version}" is not a semantic version` });
  const ranges = Object.entries({ jetpack: requires.jetpack, minAgent: requires.minAgent });
  for (const [key, range] of ranges) if (range !== undefined) mistakes.push(...checkRange(`/requires/${key}`, range));
  for (const [needed, range] of Object.entries(requires.components ?? {})) {
    mistakes.push(...checkRange(`/requires/components/${needed}`, range));
    if (needed === component) {
      mistakes.push({ at: `/requires/components/${needed}`, message: 'a component cannot require itself' });
    }
  }
  smokeTests.forEach((test, index) => {
    if ('onnx' in test && test.onnx.goldens === undefined && test.onnx.requireGoldens !== false) {
      const message = 'a model needs goldens (fairlead release golden makes them), or requireGoldens: false';
      mistakes.push({ at: `/smokeTests/${index}/onnx`, message });
    }
  });
  if (sections.monitoring && services.length + healthChecks.length === 0) {
    const message = 'there is nothing to monitor: declare healthChecks or services, or leave monitoring out';
    mistakes.push({ at: '/monitoring', message });
  }
  state?.backup.forEach((path, index) => {
    if (!isPlainAbsolute(path)) {
      mistakes.push({
        at: `/state/backup/${index}`,
        message: 'must be an absolute path without . or .., and not / itself',
      });
    }
  });
  return mistakes;
}

const checkRange = (at: string, range: string): Mistake[] =>
  validRange(range) === null ? [{ at, message: `"${range}" is not a semver range, such as ">=6.0" or "^2.1.0"` }] : [];

/** A rollback writes there as root: nothing that climbs, nothing that is the whole machine. */
const isPlainAbsolute = (path: string): boolean =>
  path
    .slice(1)
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..');
