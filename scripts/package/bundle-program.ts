/**
 * Makes built files of a program: every entry point and what they share, in one flat folder of JavaScript, with the
 * native parts of one processor beside it. A robot neither strips types nor looks for modules in 180 packages.
 */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

const PROJECT = join(import.meta.dirname, '../..');
const MODULES = join(PROJECT, 'node_modules');

export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

export interface Program {
  /** File name of a built entry without its ending -> source, relative to the project. */
  readonly entries: Readonly<Record<string, string>>;
  readonly architecture: Architecture;
  readonly version: string;
  /** Folder of the built files; it is made. */
  readonly into: string;
}

/** Bundles; answers what went in, for the licences. */
export async function bundleProgram({ entries, architecture, version, into }: Program): Promise<Metafile> {
  const names = new Map(Object.entries(entries).map(([name, source]) => [join(PROJECT, source), name]));
  const { metafile } = await build({
    absWorkingDir: PROJECT,
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, join(PROJECT, source)])),
    outdir: into,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    chunkNames: 'shared-[hash]',
    assetNames: '[name]',
    // Names stay: they are what a log of a robot far away is read by.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // undici's own switch for bundles: without the experimental second parser that nobody turned on.
    define: { FAIRLEAD_VERSION: JSON.stringify(version), esbuildDetection: '1' },
    // The package would search its own folder for a build; this names the one file of one processor.
    alias: { 'better-sqlite3': `better-sqlite3/linux-${architecture}` },
    loader: { '.node': 'copy' },
    external: ['onnxruntime-node'],
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    plugins: [builtChildren(names), lazyBuiltins, withoutHttp2],
    metafile: true,
    logLevel: 'warning',
  });
  if (
    Object.values(metafile.outputs).some((output) => output.imports.some(({ path }) => path === 'onnxruntime-node'))
  ) {
    await copyOnnxRuntime(architecture, join(into, 'node_modules'));
  }
  return metafile;
}

/**
 * A source file names a program that it starts by `new URL('./child.ts', import.meta.url)`, or by its package; built,
 * that program is an entry of the same flat folder. One that is no entry ends the build.
 */
const builtChildren = (names: ReadonlyMap<string, string>): Plugin => ({
  name: 'built-children',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/[\w-]+\/src\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const built = (child: string): string => {
        const name = names.get(child);
        if (name === undefined) throw new Error(`${path} starts ${child}, which is no entry of this program.`);
        return `new URL('./${name}.js', import.meta.url)`;
      };
      const contents = source
        .replace(/new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g, (_, child) => built(join(dirname(path), child)))
        .replace(
          /import\.meta\.resolve\('@fairlead\/([\w-]+)\/([\w/-]+)'\)/g,
          (_, owner, module) => `${built(join(PROJECT, 'packages', owner, 'src', `${module}.ts`))}.href`,
        );
      return { contents, loader: 'ts' };
    });
  },
});

/**
 * An ESM import of a builtin reads each of its exports, those included that Node would load on first use: of node:http
 * that is Node's own fetch, 13 MB resident. `require` reads what is used.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind }) => {
      if (kind !== 'import-statement' || !isBuiltin(path)) return undefined;
      return { path, namespace: 'lazy-builtin' };
    });
    onLoad({ filter: /./, namespace: 'lazy-builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

/** undici asks for HTTP/2 and takes no for an answer; send-request.ts never uses it. 4 MB resident. Fastify needs it. */
const withoutHttp2: Plugin = {
  name: 'without-http2',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http2$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/undici/') ? { path, namespace: 'left-out' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => ({
      contents: `throw new Error('${path} is no part of this program.')`,
    }));
  },
};

/** ONNX Runtime finds its library beside its binding; the other platforms' 290 MB stay behind. */
async function copyOnnxRuntime(architecture: Architecture, into: string): Promise<void> {
  for (const [name, folders] of Object.entries({
    'onnxruntime-node': ['dist', `bin/napi-v6/linux/${architecture}`],
    'onnxruntime-common': ['dist/cjs'],
  })) {
    for (const part of ['package.json', ...folders]) {
      await mkdir(dirname(join(into, name, part)), { recursive: true });
      await cp(join(MODULES, name, part), join(into, name, part), {
        recursive: true,
        filter: (file) => !/\.(map|d\.ts|md)$/.test(basename(file)),
      });
    }
  }
}
