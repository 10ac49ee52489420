import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Inventory, Vitals } from '@fairlead/shared/fleet/robot-facts';
import { parse } from '@fairlead/shared/parse';
import { expect, onTestFinished, test } from 'vitest';
import { machineFacts } from './machine-facts.ts';
import { readVitals } from './read-vitals.ts';

test('this very machine has an inventory and vital signs of the agreed form', async () => {
  const facts = machineFacts({ root: tmpdir(), overrides: { board: 'jetson-orin-nano', jetpack: '6.2' } });
  const inventory = parse(Inventory, await facts.inventory());
  expect(inventory.ok && inventory.value).toMatchObject({
    arch: process.arch,
    board: 'jetson-orin-nano',
    jetpack: '6.2',
  });
  const vitals = parse(Vitals, await facts.vitals());
  expect(vitals.ok && vitals.value.memoryFreeMb).toBeGreaterThan(0);
});

/** A robot's /proc and /sys. */
function robotWith(files: Record<string, string>): string {
  const at = mkdtempSync(join(tmpdir(), 'fairlead-vitals-'));
  onTestFinished(() => rmSync(at, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, file)), { recursive: true });
    writeFileSync(join(at, file), text);
  }
  return at;
}

test('a robot reports its hottest zone, its emptiest battery and what memory it could have', async () => {
  const at = robotWith({
    'proc/uptime': '3600.52 7000.00\n',
    'proc/loadavg': '0.75 0.50 0.25 1/100 4242\n',
    'proc/meminfo': 'MemTotal: 8000000 kB\nMemFree: 100 kB\nMemAvailable:    2097152 kB\n',
    'sys/class/thermal/thermal_zone0/temp': '48500\n',
    'sys/class/thermal/thermal_zone1/temp': '-256000\n',
    'sys/class/thermal/thermal_zone2/temp': '61000\n',
    'sys/class/power_supply/battery0/capacity': '81\n',
    'sys/class/power_supply/battery1/capacity': '17\n',
  });
  expect(await readVitals(at, at)).toMatchObject({
    uptimeSec: 3600.52,
    cpuLoad: 0.75,
    memoryFreeMb: 2048,
    temperatureC: 61,
    batteryPercent: 17,
  });
});

test('a robot without sensors leaves them out', async () => {
  const at = robotWith({});
  expect(Object.keys(await readVitals(at, at))).not.toContain('temperatureC');
});
