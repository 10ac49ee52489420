/** After test_updater_delegation_graphs.py, test_quoting_issues.py and test_file_download.py of the public suite. */
import { describe, expect, test } from 'vitest';
import { begin } from './client-under-test.ts';
import { Simulator } from './simulator.ts';

type Edge = [from: string, to: string, how?: { paths?: string[]; terminating?: boolean }];
const PY = { paths: ['*.py'] };
const LAST = { terminating: true };

function graph(edges: readonly Edge[]): Simulator {
  const simulator = new Simulator();
  for (const [from, to, how] of edges) simulator.delegate(from, to, how);
  simulator.publish(...simulator.delegated.keys(), 'targets', 'snapshot', 'timestamp');
  return simulator;
}

describe('roles are visited depth first, in the order in which they are named', () => {
  test.each<[string, Edge[], string]>([
    ['one role', [['targets', 'A']], 'A'],
    [
      'two roles',
      [
        ['targets', 'A'],
        ['targets', 'B'],
      ],
      'A B',
    ],
    [
      'two levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
      ],
      'A B C',
    ],
    [
      'depth before breadth',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['A', 'D'],
      ],
      'A C D B',
    ],
    [
      'three levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['C', 'D'],
      ],
      'A C D B',
    ],
    [
      'a terminating role ends the search',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', LAST],
        ['A', 'D'],
      ],
      'A C',
    ],
    [
      'but not for its own roles',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', LAST],
        ['C', 'D'],
      ],
      'A C D',
    ],
    [
      'a path that does not match',
      [
        ['targets', 'A', PY],
        ['targets', 'B'],
        ['A', 'C'],
      ],
      'B',
    ],
    [
      'a deeper path that does not match',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', PY],
        ['C', 'D'],
      ],
      'A B',
    ],
    [
      'a circle',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['C', 'D'],
        ['D', 'B'],
      ],
      'A B C D',
    ],
    [
      'a role that two name',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C'],
      ],
      'A C B',
    ],
    [
      'a role that two name, one for other paths',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C', PY],
      ],
      'A B C',
    ],
  ])('%s', async (_name, edges, order) => {
    const client = await begin(graph(edges));
    expect(await client.download('missingpath')).toBe(1);
    expect(client.asked.slice(4).map((each) => each.replace('1.', ''))).toEqual(order.split(' '));
  });
});

describe('a target is found where every role on the way vouches for it', () => {
  const tree = () => {
    const simulator = new Simulator();
    simulator.delegate('targets', 'A', { paths: ['*.doc', '*.md'] });
    simulator.delegate('targets', 'B', { paths: ['releases/*/*'] });
    simulator.delegate('B', 'C', { paths: ['releases/x/*'] });
    simulator.delegate('B', 'D', { paths: ['releases/y/*.zip'] });
    simulator.addArtifact('targets', 'targetfile', 'of targets');
    simulator.addArtifact('A', 'README.md', 'of A');
    simulator.addArtifact('C', 'releases/x/x_v1', 'of C');
    simulator.addArtifact('D', 'releases/y/y_v1.zip', 'of D');
    simulator.addArtifact('D', 'releases/z/z_v1.zip', 'not of D');
    simulator.publish('A', 'B', 'C', 'D', 'targets', 'snapshot', 'timestamp');
    return simulator;
  };
  test.each([
    ['targetfile', ['of targets'], []],
    ['README.md', ['of A'], ['1.A']],
    ['releases/x/x_v1', ['of C'], ['1.B', '1.C']],
    ['releases/y/y_v1.zip', ['of D'], ['1.B', '1.D']],
    ['releases/z/z_v1.zip', [], ['1.B']],
  ])('%s', async (target, downloads, asked) => {
    const client = await begin(tree());
    expect(await client.download(target)).toBe(downloads.length > 0 ? 0 : 1);
    expect(client.downloads()).toEqual(downloads);
    expect(client.asked.slice(4).filter((each) => each.startsWith('1.'))).toEqual(asked);
  });
});

describe('a role with an unusual name is asked for by its quoted name and kept in its own file', () => {
  test.each(['?', '#', '/delegatedrole', '../delegatedrole'])('%s', async (role) => {
    const client = await begin(graph([['targets', role]]));
    expect(await client.download('nonexistent target')).toBe(1);
    expect(client.asked).toContain(`1.${encodeURIComponent(role)}`);
    expect(Object.keys(client.trusted())).toHaveLength(5);
  });
});

describe('an artifact', () => {
  const withFile = (content: string) => {
    const simulator = new Simulator();
    simulator.addArtifact('targets', 'path/to/file.txt', content);
    simulator.publish('targets', 'snapshot', 'timestamp');
    return simulator;
  };

  test('is downloaded once, and from then on known', async () => {
    const client = await begin(withFile('content'));
    expect(await client.download('path/to/file.txt')).toBe(0);
    expect(await client.download('path/to/file.txt')).toBe(0);
    expect(client.downloads()).toEqual(['content']);
    expect(client.asked.filter((each) => each.endsWith('file.txt'))).toHaveLength(1);
  });

  test('that the repository exchanged is not kept', async () => {
    const simulator = withFile('content');
    const client = await begin(simulator);
    simulator.artifacts.set('path/to/file.txt', 'malware');
    expect(await client.download('path/to/file.txt')).toBe(1);
    simulator.artifacts.set('path/to/file.txt', 'malicious data that is longer');
    expect(await client.download('path/to/file.txt')).toBe(1);
    expect(client.downloads()).toEqual([]);
  });

  test('that was rightly changed replaces the old one', async () => {
    const simulator = withFile('first');
    const client = await begin(simulator);
    await client.download('path/to/file.txt');
    simulator.addArtifact('targets', 'path/to/file.txt', 'second');
    simulator.publish('targets', 'snapshot', 'timestamp');
    expect(await client.download('path/to/file.txt')).toBe(0);
    expect(client.downloads()).toEqual(['second']);
  });
});
