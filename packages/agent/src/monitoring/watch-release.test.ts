import { getEventListeners } from 'node:events';
import type { Health } from '@fairlead/shared/health/component-health';
import { monitoringPolicy } from '@fairlead/shared/health/monitoring-policy';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { MINUTE, SECOND } from '@fairlead/shared/time';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Prober, ProbeVerdict } from '../health/prober.ts';
import type { ServiceState } from '../services/service-manager.ts';
import { checksOf } from '../update/health-watch.ts';
import { memoryServices } from '../update/testing/memory-services.ts';
import { DUCK } from '../update/testing/test-robot.ts';
import { plannedWork } from './planned-work.ts';
import { virtualTime } from './testing/virtual-time.ts';
import { watchRelease } from './watch-release.ts';

const HTTP: HealthCheck = { http: { url: 'http://127.0.0.1:9208/health' } };
const TCP: HealthCheck = { tcp: { port: 9208 } };

function watched(options: {
  readonly sections?: object;
  readonly probe?: (check: HealthCheck, signal: AbortSignal | undefined) => Promise<ProbeVerdict>;
  readonly state?: (elapsed: number) => ServiceState;
  readonly isDamaged?: boolean;
  readonly isStarting?: boolean;
}) {
  const time = virtualTime();
  const work = plannedWork();
  work.end();
  const states: string[] = [];
  const manifest = sampleManifest([{ path: 'policy.onnx', content: 'weights' }], {
    services: [],
    healthChecks: [],
    ...options.sections,
  });
  const prober: Prober = {
    probe: async (check, { signal }) =>
      (await options.probe?.(check, signal)) ?? { verdict: 'healthy', detail: 'answered 200' },
  };
  const services = {
    ...memoryServices(),
    state: async () => options.state?.(time.elapsed()) ?? ({ state: 'running', restarts: 0, detail: '' } as const),
  };
  const watch = watchRelease(
    {
      component: DUCK,
      active: { version: manifest.version, manifestSha256: 'a'.repeat(64) as never },
      checks: checksOf(manifest),
      policy: monitoringPolicy(manifest.monitoring),
      folder: '/nowhere',
    },
    { isStarting: options.isStarting === true },
    ({ state }: Health) => states.push(`${Math.floor(time.elapsed() / SECOND)} s ${state}`),
    { ...time, prober, services, work, isDamaged: () => options.isDamaged === true, random: () => 0.5 },
  );
  onTestFinished(() => watch.stop());
  return { time, work, watch, states, services };
}

describe('after the commit of a release', () => {
  test('a service that dies every 12 s makes the robot degraded before a soak of 40 s ends, and never healthy again', async () => {
    const { time, watch, states } = watched({
      sections: { services: ['duck'] },
      state: (elapsed) => ({ state: 'running', restarts: Math.floor(elapsed / (12 * SECOND)), detail: 'process 7' }),
    });
    await time.pass(40 * SECOND);
    expect(states).toEqual(['0 s healthy', '30 s degraded']);
    expect(watch.health().refusal).toMatchObject({ element: 'duck', category: 'service_restarts' });
    await time.pass(3 * 60 * MINUTE);
    expect(states).toHaveLength(2);
  });

  test('a healthy service never makes its robot degraded', async () => {
    const { time, states } = watched({ sections: { services: ['duck'], healthChecks: [HTTP, TCP] } });
    await time.pass(24 * 60 * MINUTE);
    expect(states).toEqual(['0 s healthy']);
  });

  test('the checks go on every 30 s, or as often as the release declares', async () => {
    for (const [monitoring, attempts] of [
      [undefined, 21],
      [{ intervalSec: 5 }, 121],
    ] as const) {
      let asked = 0;
      const sections = { healthChecks: [HTTP], ...(monitoring && { monitoring }) };
      const { time, watch } = watched({
        sections,
        probe: async () => ({ verdict: 'healthy', detail: `${(asked += 1)}` }),
      });
      await time.pass(10 * MINUTE);
      expect(asked).toBe(attempts);
      watch.stop();
    }
  });

  test('a service is looked at every 30 s also where the other checks go on once an hour', async () => {
    let asked = 0;
    const { time } = watched({
      sections: { services: ['duck'], monitoring: { intervalSec: 3600 } },
      state: () => ({ state: 'running', restarts: 0, detail: `${(asked += 1)}` }),
    });
    await time.pass(10 * MINUTE);
    expect(asked).toBe(21);
  });

  test('failureThreshold failed checks in a row make it degraded, and the failed check is named', async () => {
    let isWell = true;
    const { time, watch, states } = watched({
      sections: { healthChecks: [HTTP], monitoring: { intervalSec: 10, failureThreshold: 2 } },
      probe: async () => ({ verdict: isWell ? 'healthy' : 'unhealthy', detail: 'answered 500' }),
    });
    await time.pass(SECOND);
    isWell = false;
    await time.pass(10 * SECOND);
    expect(states).toEqual(['0 s healthy']);
    await time.pass(10 * SECOND);
    expect(states).toEqual(['0 s healthy', '20 s degraded']);
    expect(watch.health().refusal).toMatchObject({
      phase: 'monitor',
      component: DUCK,
      element: 'http://127.0.0.1:9208/health',
      category: 'health_check',
      detail: 'answered 500',
    });
    isWell = true;
    await time.pass(MINUTE);
    expect(states).toEqual(['0 s healthy', '20 s degraded', '60 s healthy']);
  });

  test('a check that could not run is unknown, and unknown is not healthy', async () => {
    const { time, states } = watched({
      sections: { healthChecks: [HTTP] },
      probe: async () => ({ verdict: 'unknown', detail: 'no such program' }),
    });
    await time.pass(10 * MINUTE);
    expect(states).toEqual([]);
  });
});

test('a program of a release that the disk has damaged is not run, and its result is unknown', async () => {
  let run = 0;
  const { time, watch } = watched({
    sections: { healthChecks: [{ command: { run: ['./check'] } }] },
    isDamaged: true,
    probe: async () => ({ verdict: 'healthy', detail: `${(run += 1)}` }),
  });
  await time.pass(10 * MINUTE);
  expect(run).toBe(0);
  expect(watch.health()).toMatchObject({ state: 'unknown', refusal: { category: 'health_unknown' } });
});

describe('a check that hangs', () => {
  test('is given up after its time limit, not begun again while it hangs, and delays no other check', async () => {
    let begun = 0;
    let asked = 0;
    const { time, watch, states } = watched({
      sections: { healthChecks: [HTTP, TCP] },
      probe: async (check) => {
        if ('tcp' in check) return { verdict: 'healthy', detail: `${(asked += 1)}` };
        begun += 1;
        return new Promise(() => {});
      },
    });
    await time.pass(10 * MINUTE);
    expect([begun, asked]).toEqual([1, 21]);
    expect(states).toEqual([expect.stringMatching(/ s degraded$/)]);
    expect(watch.health().refusal).toMatchObject({ element: 'http://127.0.0.1:9208/health' });
  });

  test('does not keep the agent from stopping', async () => {
    const { time, watch } = watched({ sections: { healthChecks: [HTTP] }, probe: () => new Promise(() => {}) });
    await time.pass(SECOND);
    watch.stop();
    await watch.ended;
    expect(time.sleeping()).toBe(0);
  });
});

test('every attempt has a signal of its own: nothing is collected however long a robot runs', async () => {
  const signals = new Set<AbortSignal | undefined>();
  const { time } = watched({
    sections: { healthChecks: [HTTP] },
    probe: async (_, signal) => {
      signals.add(signal);
      return { verdict: 'healthy', detail: '' };
    },
  });
  await time.pass(60 * MINUTE);
  expect(signals.size).toBe(121);
  for (const signal of signals) expect(signal && getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(time.sleeping()).toBe(1);
});

describe('while the agent itself changes the robot', () => {
  test('monitoring pauses for the component, and goes on afterwards', async () => {
    let asked = 0;
    const { time, work } = watched({
      sections: { healthChecks: [HTTP] },
      probe: async () => ({ verdict: 'healthy', detail: `${(asked += 1)}` }),
    });
    await time.pass(SECOND);
    work.begin(DUCK);
    await time.pass(10 * MINUTE);
    expect(asked).toBe(1);
    work.end();
    await time.pass(MINUTE);
    expect(asked).toBe(3);
  });

  test('what was seen of a service that was stopped for another component counts for nothing', async () => {
    let isStopped = false;
    const { time, work, services, states } = watched({
      sections: { services: ['duck'], monitoring: { failureThreshold: 1 } },
      state: () => ({ state: isStopped ? 'stopped' : 'running', restarts: 0, detail: '' }),
    });
    await time.pass(SECOND);
    isStopped = true;
    await work.through(services).stop('duck', 'switch');
    await time.pass(MINUTE);
    await work.through(services).start('duck', 'switch');
    isStopped = false;
    work.end();
    await time.pass(MINUTE);
    expect(states).toEqual(['0 s healthy']);
  });

  test('a check that began before the switch and ended after it counts for nothing', async () => {
    let end: ((verdict: ProbeVerdict) => void) | undefined;
    const { time, work, states } = watched({
      sections: { healthChecks: [HTTP], monitoring: { failureThreshold: 1 } },
      probe: () => new Promise((resolve) => (end = resolve)),
    });
    await time.pass(SECOND);
    work.begin(DUCK);
    work.end();
    end?.({ verdict: 'unhealthy', detail: 'ECONNREFUSED' });
    await time.pass(SECOND);
    expect(states).toEqual([]);
  });
});

describe('a release whose application needs minutes to start, as its checks declare', () => {
  const SLOW: HealthCheck = { http: { url: 'http://127.0.0.1:9208/health', attempts: 61, intervalSec: 5 } };
  const UP_AFTER = 4 * MINUTE;

  test('is not degraded while it starts after a boot of the robot', async () => {
    const { time, states } = watched({
      isStarting: true,
      sections: { services: ['duck'], healthChecks: [SLOW], monitoring: { intervalSec: 5, failureThreshold: 1 } },
      probe: async () => ({ verdict: time.elapsed() < UP_AFTER ? 'unhealthy' : 'healthy', detail: 'ECONNREFUSED' }),
      state: (elapsed) => ({ state: elapsed < UP_AFTER ? 'starting' : 'running', restarts: 0, detail: 'activating' }),
    });
    await time.pass(10 * MINUTE);
    expect(states).toEqual(['240 s healthy']);
  });

  test('is degraded where it does not get up within the time that its probation would have given it', async () => {
    const { time, states } = watched({
      isStarting: true,
      sections: { healthChecks: [SLOW], monitoring: { intervalSec: 5, failureThreshold: 3 } },
      probe: async () => ({ verdict: 'unhealthy', detail: 'ECONNREFUSED' }),
    });
    await time.pass(10 * MINUTE);
    expect(states).toEqual(['315 s degraded']);
  });

  test('is degraded at once where it fails after it has passed', async () => {
    let passes = 1;
    const { time, states } = watched({
      isStarting: true,
      sections: { healthChecks: [SLOW], monitoring: { intervalSec: 5, failureThreshold: 3 } },
      probe: async () => ({ verdict: passes-- > 0 ? 'healthy' : 'unhealthy', detail: 'answered 500' }),
    });
    await time.pass(MINUTE);
    expect(states).toEqual(['0 s healthy', '15 s degraded']);
  });

  test('is not degraded while it starts again because its service was restarted for another component', async () => {
    let isUp = true;
    const { time, work, services, states } = watched({
      sections: { services: ['duck'], healthChecks: [SLOW], monitoring: { intervalSec: 5, failureThreshold: 1 } },
      probe: async () => ({ verdict: isUp ? 'healthy' : 'unhealthy', detail: 'ECONNREFUSED' }),
    });
    await time.pass(SECOND);
    await work.through(services).stop('duck', 'switch');
    isUp = false;
    await work.through(services).start('duck', 'switch');
    work.end();
    await time.pass(UP_AFTER);
    isUp = true;
    await time.pass(MINUTE);
    expect(states).toEqual(['0 s healthy']);
  });
});

describe('a service that starts again after an unplanned exit', () => {
  const SLOW: HealthCheck = { http: { url: 'http://127.0.0.1:9208/health', attempts: 60, intervalSec: 5 } };
  const restarting = (upAfterMs: number, healthChecks: readonly HealthCheck[]) =>
    watched({
      sections: { services: ['duck'], healthChecks, monitoring: { intervalSec: 10, failureThreshold: 3 } },
      state: (elapsed) => {
        if (elapsed < MINUTE) return { state: 'running', restarts: 0, detail: 'active' };
        const state = elapsed < MINUTE + upAfterMs ? 'starting' : 'running';
        return { state, restarts: 1, detail: 'activating (start), result success, 1 restarts' };
      },
    });

  test('is no failed check within the start time that its release declares', async () => {
    const { time, states } = restarting(4 * MINUTE, [SLOW]);
    await time.pass(20 * MINUTE);
    expect(states).toEqual(['0 s healthy']);
  });

  test('makes the robot degraded where it does not come up within that time', async () => {
    const { time, states, watch } = restarting(60 * MINUTE, [SLOW]);
    await time.pass(6 * MINUTE);
    expect(states).toEqual(['0 s healthy']);
    await time.pass(MINUTE);
    expect(states).toEqual(['0 s healthy', '380 s degraded']);
    expect(watch.health().refusal).toMatchObject({ element: 'duck', category: 'health_check' });
  });

  test('has 30 seconds where the release declares nothing', async () => {
    const { time, states } = restarting(60 * MINUTE, []);
    await time.pass(5 * MINUTE);
    expect(states).toEqual(['0 s healthy', '110 s degraded']);
  });

  test('is not excused by one start after the other: its restarts count', async () => {
    const { time, states } = watched({
      sections: { services: ['duck'], healthChecks: [SLOW], monitoring: { intervalSec: 10 } },
      state: (elapsed) => {
        const state = elapsed % MINUTE < 50 * SECOND ? 'starting' : 'running';
        return { state, restarts: Math.floor(elapsed / MINUTE), detail: 'activating' };
      },
    });
    await time.pass(5 * MINUTE);
    expect(states.at(-1)).toMatch(/degraded$/);
  });
});
