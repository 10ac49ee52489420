import { expect, test } from 'vitest';
import { parseConfig } from './read-config.ts';

const SHA = 'a'.repeat(64);
const minimal = `server: https://fleet.example\nenvironment: production\ntrust: {rootSha256: ${SHA}}\n`;
const mistakesIn = (text: string, machine = 'duck-7') => {
  const read = parseConfig(text, 'agent.yaml', machine);
  return read.ok ? [] : read.refused;
};

test('three lines are enough; a robot is named after its machine', () => {
  const read = parseConfig(minimal, 'agent.yaml', 'Duck_7.local');
  expect(read.ok && read.value).toMatchObject({
    robot: 'duck-7',
    root: '/var/lib/fairlead',
    socket: '/var/lib/fairlead/agent.sock',
    services: { manager: 'systemd' },
  });
});

test('a robot without a pinned root is not configured', () => {
  expect(mistakesIn('server: https://fleet.example\nenvironment: production\n').join()).toMatch(/trust/);
});

test('a mistake is told by file, line and key', () => {
  expect(mistakesIn(`${minimal}services:\n  manager: sytemd\n`)).toEqual([
    'agent.yaml:5: services.manager: must be one of process, systemd',
  ]);
});

test.each(['Mars/Olympus', '+02:00'])('an update window in zone %s is refused', (zone) => {
  const text = `${minimal}updateWindow: {from: "22:00", to: "05:00", zone: "${zone}"}\n`;
  expect(mistakesIn(text)[0]).toMatch(/no IANA time zone/);
});

test('commands without the process manager would silently never run', () => {
  const text = `${minimal}services: {manager: systemd, commands: {duck: {component: duck, run: [./duck]}}}\n`;
  expect(mistakesIn(text)[0]).toMatch(/services\.commands/);
});

test('a machine whose name is no robot name must be told its name', () => {
  expect(mistakesIn(minimal, '___')[0]).toMatch(/robot: give this robot a name/);
});

test('an agent.yaml whose labels an older agent took keeps no agent from its start: what is no label is left out, and named', () => {
  const many = Array.from({ length: 64 }, (_, n) => `  own-${n}: x\n`).join('');
  const read = parseConfig(`${minimal}labels:\n  größe: 9\n  line: "3"\n${many}`, 'agent.yaml', 'duck-7');
  if (!read.ok) throw new Error(read.refused.join());
  expect(read.value.labels).toMatchObject({ line: '3', 'own-62': 'x' });
  expect(Object.keys(read.value.labels ?? {})).toHaveLength(64);
  expect(read.value.warnings).toEqual([
    'agent.yaml:5: labels.größe: is no label and is left out',
    'agent.yaml:70: labels.own-63: is no label and is left out',
  ]);
});

test('a label with a wrong value is refused', () => {
  expect(mistakesIn(`${minimal}labels: {line: "hall 3"}\n`)[0]).toMatch(/labels\.line/);
});
