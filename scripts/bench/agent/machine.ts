/** On what the figures were measured: without it they say nothing. */
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';

export async function describeMachine(): Promise<readonly (readonly [string, string])[]> {
  const [cpu] = cpus();
  return [
    ['processor', `${cpu?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${process.arch}`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GB`],
    ['system', `Linux ${release()}, ${tmpdir()} on ${await fileSystemOf(tmpdir())}`],
    [
      'load',
      loadavg()
        .map((each) => each.toFixed(2))
        .join(' '),
    ],
  ];
}

/** By the longest mount point that holds `path`. */
async function fileSystemOf(path: string): Promise<string> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  const holding = mounts.filter(([, at = '']) => path === at || path.startsWith(at === '/' ? '/' : `${at}/`));
  const [, , type = 'unknown'] = holding.toSorted(([, a = ''], [, b = '']) => a.length - b.length).at(-1) ?? [];
  return type;
}
