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

test('a second document with an update window is refused, because the robot would update at any time', () => {
  const text = `${minimal}---\nupdateWindow: {from: "22:00", to: "05:00", zone: Europe/Berlin}\n`;
  expect(mistakesIn(text)).toEqual([
    'agent.yaml:4: a second YAML document begins here. One file is one document: delete the --- in line 4',
  ]);
});

test.each([
  ['http://127.0.0.1:73000', 'is no URL (the port must be at most 65535)'],
  ['http://2001:db8::7:7300', 'is no URL (an IPv6 address is written in brackets: [2001:db8::7]:7300)'],
  ['http://127.0.0.1:7300/?x=1', 'must end behind the host and port (write http://127.0.0.1:7300)'],
  ['https://company.example/fairlead', 'must not have a path (/fairlead)'],
])('a robot does not start to ask %s: the line is reported', (server, message) => {
  const [mistake, ...others] = mistakesIn(minimal.replace('https://fleet.example', server));
  expect(mistake).toMatch(/^agent\.yaml:1: server: /);
  expect(mistake).toContain(message);
  expect(others).toEqual([]);
});

test('an address with a slash at its end stays an address', () => {
  expect(mistakesIn(minimal.replace('fleet.example', 'fleet.example/'))).toEqual([]);
});

test('the application that is asked for a safe state has a URL that can be asked', () => {
  expect(mistakesIn(`${minimal}safeState: {url: "http://127.0.0.1:93000/"}\n`)).toEqual([
    'agent.yaml:4: safeState.url: is no URL (the port must be at most 65535)',
  ]);
});

test('all mistakes are reported together, and what YAML reads otherwise as what it is', () => {
  const text = `server: http://
environment: production
trust: {rootSha256: ${SHA}}
labels: {floor: 3}
hardware: {jetpack: 6.1}
preconditions: {standingStill: yes}
updateWindow: {from: "22:00", to: "05:00", zone: Mars/Olympus}
intervalSec: 5
`;
  expect(mistakesIn(text)).toEqual([
    'agent.yaml:1: server: is no URL (it names no host)',
    'agent.yaml:4: labels.floor: YAML reads 3 as a number: write "3" in quotes',
    'agent.yaml:5: hardware.jetpack: YAML reads 6.1 as a number: write "6.1" in quotes',
    'agent.yaml:6: preconditions.standingStill: YAML reads yes as text: write true',
    "agent.yaml:7: updateWindow.zone: 'Mars/Olympus' is no IANA time zone",
    'agent.yaml:8: intervalSec: unknown key intervalSec; it belongs in checkIn',
  ]);
});

test('an agent that is upgraded starts over names of commands and credentials that older agents ignored', () => {
  const text = minimal.replace('https://fleet.example', 'https://duck:quack@fleet.example');
  const commands = '{"duck policy": {component: duck, run: [./duck]}, gait: {component: duck, run: [./gait]}}';
  const read = parseConfig(`${text}services: {manager: process, commands: ${commands}}\n`, 'agent.yaml', 'duck-7');
  expect(read.ok && [read.value.server, Object.keys(read.value.services.commands ?? {})]).toEqual([
    'https://fleet.example',
    ['gait'],
  ]);
  expect(read.ok && read.value.warnings).toEqual([
    'agent.yaml:1: server: has a user or a password, which are never sent: delete them',
    'agent.yaml:4: services.commands.duck policy: is no name of a service and is left out',
  ]);
});

test('a proxy and the files of a private CA are taken as written', () => {
  const text = `${minimal}proxy: {url: "http://duck:quack@proxy.corp:3128", noProxy: [.lab]}\ntls: {caFile: /etc/ca.pem}\n`;
  const read = parseConfig(text, 'agent.yaml', 'duck-7');
  expect(read.ok && [read.value.proxy, read.value.tls]).toEqual([
    { url: 'http://duck:quack@proxy.corp:3128', noProxy: ['.lab'] },
    { caFile: '/etc/ca.pem' },
  ]);
  expect(mistakesIn(`${minimal}proxy: none\n`)).toEqual([]);
});

test.each([
  'proxy: http://duck:quack77@proxy.corp:3128',
  'proxy: {url: "socks5://duck:quack77@proxy.corp:1080"}',
  'proxy: {url: "http://duck:quack77@proxy.corp:port"}',
  'proxy: {url: "http://duck:quack77@proxy.corp/a"}',
  'proxy: {url: "http://proxy.corp", noproxy: "quack77"}',
  'proxy: {url: "http://proxy.corp", noProxy: ["quack77 b"]}',
])('attack 136: %s is a mistake that is reported without its value', (line) => {
  const mistakes = mistakesIn(`${minimal}${line}\n`);
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toMatch(/^agent\.yaml:4: proxy/);
  expect(mistakes[0]).not.toContain('quack77');
});

test('a client certificate without its key is a mistake', () => {
  expect(mistakesIn(`${minimal}tls: {clientCertFile: /etc/a.pem}\n`)[0]).toMatch(/4: tls: .*belong together/);
});
