import { sha256Hex } from '@fairlead/shared/trust/digest';
import { GENESIS_REPORT } from '@fairlead/shared/trust/report';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChainLink } from '../store/reports.ts';
import { type Place, placeInChain } from './report-chain.ts';

interface Link extends ChainLink {
  readonly prevReportSha256: ChainLink['sha256'];
}

/** A robot's chain of reports with these contents. */
function chain(contents: readonly string[], from: readonly Link[] = []): Link[] {
  const links = [...from];
  for (const content of contents) {
    const last = links.at(-1);
    const prevReportSha256 = last?.sha256 ?? GENESIS_REPORT;
    links.push({ seq: (last?.seq ?? 0) + 1, prevReportSha256, sha256: sha256Hex(`${content}${prevReportSha256}`) });
  }
  return links;
}

/** A server that stores what continues the chain. */
function server() {
  const stored = new Map<number, Link>();
  const receive = (report: Link): Place => {
    const head = stored.get(Math.max(0, ...stored.keys()));
    const place = placeInChain(head, report, stored.get(report.seq));
    if (place === 'next' || place === 'after-gap') stored.set(report.seq, report);
    return place;
  };
  return { stored, receive };
}

const contents = fc.array(fc.string(), { minLength: 1, maxLength: 12 });

describe('a chain of reports', () => {
  test('delivered in order is stored whole', () => {
    const { receive, stored } = server();
    expect(chain(['a', 'b', 'c']).map(receive)).toEqual(['next', 'next', 'next']);
    expect(stored.size).toBe(3);
  });

  test('is stored exactly once however often batches of it are sent again', () => {
    fc.assert(
      fc.property(contents, fc.array(fc.tuple(fc.nat(12), fc.nat(12))), (given, batches) => {
        const { receive, stored } = server();
        const links = chain(given);
        for (const [start, length] of batches) {
          // A robot never skips: each batch begins at or before the first report that is not acknowledged.
          const first = Math.min(start, stored.size);
          for (const link of links.slice(first, first + length)) expect(receive(link)).toMatch(/^(next|repeat)$/);
        }
        for (const link of links) receive(link);
        expect([...stored.values()]).toEqual(links);
      }),
    );
  });

  test('that two machines continue with one key is a fork, wherever they part and whoever speaks first', () => {
    fc.assert(
      fc.property(contents, fc.string(), fc.string(), fc.nat(3), (common, one, other, more) => {
        fc.pre(one !== other);
        const past = chain(common);
        const original = chain([one, ...Array.from({ length: more }, String)], past);
        const clone = chain([other], past);
        const { receive } = server();
        for (const link of original) receive(link);
        expect(clone.slice(past.length).map(receive)).toEqual(['fork']);
      }),
    );
  });

  test('that continues a past the server does not know is a fork', () => {
    const { receive } = server();
    for (const link of chain(['a', 'b'])) receive(link);
    expect(chain(['x', 'y', 'c']).slice(2).map(receive)).toEqual(['fork']);
  });

  test('attack 104: that another machine has carried on behind a gap is a fork, and is not taken for known', () => {
    const { receive } = server();
    const [first, second] = chain(['a', 'b']);
    const [ahead] = chain(['x']).map((link) => ({ ...link, seq: Number.MAX_SAFE_INTEGER }));
    expect([first, ahead, second].map((link) => link && receive(link))).toEqual(['next', 'after-gap', 'fork']);
  });

  test('whose server was restored from a backup goes on after the gap', () => {
    const { receive } = server();
    const links = chain(['a', 'b', 'c', 'd', 'e']);
    expect([links[0], links[1], links[3], links[4]].map((link) => link && receive(link))).toEqual([
      'next',
      'next',
      'after-gap',
      'next',
    ]);
  });
});
