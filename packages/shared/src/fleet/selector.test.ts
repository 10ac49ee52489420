import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RobotId } from '../ids.ts';
import { labelsOf } from './labels-of.ts';
import type { Labels } from './robot-facts.ts';
import { matches, parseSelector, type Requirement, saySelector } from './selector.ts';

function chooses(text: string, labels: Labels): boolean {
  const selector = parseSelector(text);
  if (!selector.ok) throw new Error(`${text}: ${selector.refused.message} at ${selector.refused.at}`);
  return matches(selector.value, labels);
}
const mistake = (text: string) => {
  const selector = parseSelector(text);
  return selector.ok ? undefined : selector.refused;
};

describe('each operator of Kubernetes', () => {
  const duck: Labels = { group: 'ducks', env: 'staging', note: '' };
  test.each([
    ['group=ducks', true],
    ['group==ducks', true],
    ['group = geese', false],
    ['group!=geese', true],
    ['missing!=geese', true],
    ['env in (staging, production)', true],
    ['env in(staging)', true],
    ['env notin (staging)', false],
    ['missing notin (staging)', true],
    ['missing in (staging)', false],
    ['group', true],
    ['missing', false],
    ['!missing', true],
    ['! group', false],
    ['note=', true],
    ['note in (,x)', true],
    ['group=ducks,env=production', false],
    ['', true],
    ['in in (in)', false],
    ['inner', false],
    ['constructor', false],
  ])('"%s" chooses the duck in staging: %s', (text, expected) => {
    expect(chooses(text, duck)).toBe(expected);
  });
});

test('a robot can be chosen by its name, its group and its environment, whatever its labels claim', () => {
  const labels = labelsOf({
    robot: 'duck-1' as RobotId,
    environment: 'production',
    group: 'ducks',
    labels: { environment: 'development', line: '3' },
  });
  expect(chooses('robot=duck-1,group=ducks,environment=production,env=production,line=3', labels)).toBe(true);
});

test.each([
  ['group=', undefined],
  ['group=a b', { at: 8, message: '"," is expected' }],
  ['group in staging', { at: 9, message: '"(" is expected' }],
  ['group in (a', { at: 11, message: '")" is expected' }],
  [',group', { at: 0, message: 'a label key is expected' }],
  ['group,', { at: 6, message: 'a label key is expected' }],
  ["group=' or 1=1", { at: 6, message: '"," is expected' }],
])('"%s" is refused where it goes wrong: %o', (text, expected) => {
  expect(mistake(text)).toEqual(expected);
});

const name = fc.stringMatching(/^[a-z]([a-z0-9._-]{0,8}[a-z0-9])?$/);
const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key: name,
    operator: fc.constantFrom('in' as const, 'notin' as const),
    values: fc.array(name, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ key: name, operator: fc.constantFrom('exists' as const, 'absent' as const), values: fc.constant([]) }),
);

test('what is written is read as the same selector', () => {
  fc.assert(
    fc.property(fc.array(requirement), (selector) => {
      expect(parseSelector(saySelector(selector))).toEqual({ ok: true, value: selector });
    }),
  );
});

test('a requirement and its opposite choose every robot exactly once', () => {
  const opposite = { in: 'notin', notin: 'in', exists: 'absent', absent: 'exists' } as const;
  fc.assert(
    fc.property(requirement, fc.dictionary(name, name), (one, labels) => {
      const other: Requirement = { ...one, operator: opposite[one.operator] };
      expect(matches([one], labels)).toBe(!matches([other], labels));
    }),
  );
});

test('no text, however odd, does more than parse or be refused', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      const selector = parseSelector(text);
      if (!selector.ok) expect(selector.refused.at).toBeLessThanOrEqual(text.length);
    }),
  );
});

/** The syntax as its documentation says it, requirement by requirement, without our reader. */
const KEYS = ['site', 'app.kubernetes.io/name', 'running/duck-policy', 'in', 'A_b-c.d'] as const;
const VALUES = ['munich', 'oslo', '2.1.0', '', 'notin', 'x_y-Z'] as const;
type Naive = readonly [text: string, holds: (labels: Readonly<Record<string, string>>) => boolean];
const key = fc.constantFrom(...KEYS);
const value = fc.constantFrom(...VALUES);
const gap = fc.constantFrom('', ' ', '  ', '\t');
const naive: fc.Arbitrary<Naive> = fc.oneof(
  fc.tuple(key, value, gap, fc.constantFrom('=', '==')).map(([k, v, s, is]): Naive => {
    return [`${s}${k}${s}${is}${s}${v}${s}`, (labels) => labels[k] === v];
  }),
  fc.tuple(key, value, gap).map(([k, v, s]): Naive => [`${k}${s}!=${s}${v}`, (labels) => labels[k] !== v]),
  fc.tuple(key, gap).map(([k, s]): Naive => [`${s}${k}${s}`, (labels) => k in labels]),
  fc.tuple(key, gap).map(([k, s]): Naive => [`!${s}${k}`, (labels) => !(k in labels)]),
  fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 }), gap).map(([k, vs, s]): Naive => {
    return [`${k} in${s}(${vs.join(`${s},${s}`)})`, (labels) => vs.some((v) => labels[k] === v)];
  }),
  fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 }), gap).map(([k, vs, s]): Naive => {
    return [`${k}  notin (${s}${vs.join(',')}${s})`, (labels) => vs.every((v) => labels[k] !== v)];
  }),
);

test('every selector chooses exactly the robots that Kubernetes would choose', () => {
  fc.assert(
    fc.property(fc.array(naive, { minLength: 1, maxLength: 4 }), fc.dictionary(key, value), (parts, labels) => {
      const text = parts.map(([part]) => part).join(',');
      expect([text, chooses(text, labels)]).toEqual([text, parts.every(([, holds]) => holds(labels))]);
    }),
    { numRuns: 1000 },
  );
});
