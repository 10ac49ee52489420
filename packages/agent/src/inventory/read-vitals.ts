/** Vital signs from /proc and /sys: a few small reads, no child process, so that every check-in can afford them. */
import { readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vitals } from '@fairlead/shared/fleet/robot-facts';

const MIB = 1024 * 1024;

/** `at` stands for `/` where a test pretends to be a robot. */
export async function readVitals(root: string, at = '/'): Promise<Vitals> {
  const [uptime, load, memory, disk, temperatureC, batteryPercent] = await Promise.all([
    readText(join(at, 'proc/uptime')),
    readText(join(at, 'proc/loadavg')),
    readText(join(at, 'proc/meminfo')),
    statfs(root),
    hottestZone(join(at, 'sys/class/thermal')),
    emptiestBattery(join(at, 'sys/class/power_supply')),
  ]);
  return {
    uptimeSec: Number.parseFloat(uptime) || 0,
    cpuLoad: Number.parseFloat(load) || 0,
    // MemAvailable counts what the kernel would give back: free memory alone looks like nothing is left.
    memoryFreeMb: Math.round(Number(/^MemAvailable:\s+(\d+) kB$/m.exec(memory)?.[1] ?? 0) / 1024),
    diskFreeMb: Math.floor((disk.bavail * disk.bsize) / MIB),
    ...(temperatureC !== undefined && { temperatureC }),
    ...(batteryPercent !== undefined && { batteryPercent }),
    agentRssMb: Math.round(process.memoryUsage.rss() / MIB),
  };
}

async function hottestZone(folder: string): Promise<number | undefined> {
  const milli = await readNumbers(folder, /^thermal_zone\d+$/, 'temp');
  // Zones that are switched off read as 0 or as nonsense such as -256000.
  const celsius = milli.map((each) => each / 1000).filter((each) => each > 0 && each < 200);
  return celsius.length > 0 ? Math.max(...celsius) : undefined;
}

async function emptiestBattery(folder: string): Promise<number | undefined> {
  const percents = (await readNumbers(folder, /./, 'capacity')).filter((each) => each >= 0 && each <= 100);
  return percents.length > 0 ? Math.min(...percents) : undefined;
}

async function readNumbers(folder: string, names: RegExp, file: string): Promise<number[]> {
  const entries = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    entries.filter((name) => names.test(name)).map((name) => readText(join(folder, name, file))),
  );
  return texts.filter((text) => /^-?\d+\n?$/.test(text)).map(Number);
}

const readText = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
