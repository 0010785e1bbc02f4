// Who may import whom: the table of docs/architecture.md, "Rooms". Imports of types count like any other.

/** The floors of the engine, lowest first; each may import itself and what stands before it. */
const engineFloors = [
  'base/',
  'ports.ts',
  'checkpoint/',
  'graph/',
  'attention/',
  'family.ts',
  'text/',
  'media/',
  'sampling/',
  'model/',
  'conditioning/',
  'latents/',
  'upscale/',
  'denoise/',
  'methods/',
  'jobs/',
  'index.ts',
];

const engine = (...floors) => floors.map((floor) => `engine/${floor}`);
const modelsMayUse = engine('base/', 'ports.ts', 'checkpoint/', 'graph/', 'attention/', 'family.ts');
const everything = ['contract/', 'engine/index.ts', 'models/', 'native/'];

/** from -> the paths it may import, the packages (also of Node) it may import. Whatever is not named is forbidden. */
const rooms = [
  { from: 'contract/', paths: ['contract/'], packages: ['zod'] },
  ...engineFloors.map((floor, height) => ({
    from: `engine/${floor}`,
    paths: ['contract/', ...engine(...engineFloors.slice(0, height + 1))],
    packages: {
      'checkpoint/': ['node:fs', 'node:path', 'node:crypto'],
      'graph/': ['@bufbuild/protobuf'],
      'text/': ['tokenizers'],
      'media/': ['fflate'],
      'jobs/': ['node:fs', 'node:path', 'node:crypto'],
    }[floor],
  })),
  { from: 'models/', not: 'models/recipe/', paths: ['contract/', 'models/', ...modelsMayUse], packages: [] },
  {
    from: 'native/',
    paths: ['contract/', 'native/', ...engine('ports.ts', 'base/')],
    packages: ['node:', 'onnxruntime-node', 'sharp', 'exifreader'],
  },
  { from: 'transport/', paths: ['contract/', 'transport/'], packages: ['zod'] },
  {
    from: 'service/',
    paths: ['service/', 'transport/', ...everything],
    packages: ['node:', 'zod', 'chardet', 'client-zip', 'csv-parse', 'hono', '@hono/node-server', 'ws'],
  },
  {
    from: 'electron/',
    not: ['electron/processes/', 'electron/vite.config.ts'],
    paths: ['contract/', 'transport/', 'electron/'],
    packages: ['node:', 'electron'],
  },
  // The bundles that Electron starts as processes of their own: composition roots.
  {
    from: 'electron/processes/',
    paths: ['electron/', 'service/', 'transport/', ...everything],
    packages: ['node:', 'electron'],
  },
  // How Vite builds the editor; it runs in Node.
  { from: 'renderer/vite.config.ts', paths: [], packages: ['node:', 'vite', '@vitejs/plugin-react'] },
  { from: 'electron/vite.config.ts', paths: [], packages: ['node:', 'vite'] },
  {
    from: 'renderer/',
    not: 'renderer/vite.config.ts',
    paths: ['contract/', 'transport/', 'renderer/'],
    packages: [
      'react',
      'react-dom',
      'zustand',
      'radix-ui',
      'lucide-react',
      '@codemirror',
      'i18next',
      'react-i18next',
      'mediabunny',
    ],
  },
  // What the npm package gives to importers.
  { from: 'api/', paths: ['api/', 'service/open-engine.ts', ...everything], packages: ['node:'] },
  {
    from: 'cli/',
    paths: [
      'cli/',
      'package.json',
      'service/',
      'transport/',
      'renderer/vite.config.ts',
      'electron/vite.config.ts',
      ...everything,
    ],
    packages: ['node:', 'vite'],
  },
  {
    from: 'bench/',
    // A served program and a browser are started as the tests start them.
    paths: ['bench/', 'service/', 'transport/', 'test/chromium.ts', 'test/served.ts', ...everything],
    packages: ['node:', 'playwright-core'],
  },
  {
    from: 'test/',
    paths: ['test/', 'service/', 'transport/', 'cli/', 'electron/', 'package.json', ...everything],
    packages: [
      'node:',
      'vitest',
      'fast-check',
      'playwright-core',
      'axe-core',
      'ws',
      'sharp',
      'electron',
      '@electron',
      'typescript',
    ],
  },
];

const test = '[.]test[.]ts$';
const literal = (text) => text.replace(/[.]/g, '[.]');
const starts = (paths) => paths.map((path) => `^${literal(path)}`);
// A package appears as its folder, a module of Node by its bare name; "node:" alone stands for all of Node.
const packagePath = (name) =>
  name.startsWith('node:') ? `^(node:)?${name.slice(5)}(/promises)?$` : `(^|/)node_modules/(@types/)?${name}/`;

const roomRules = rooms.flatMap(({ from, not, paths, packages = [] }) => {
  const who = { path: `^${literal(from)}`, pathNot: [test, ...starts([not ?? []].flat())] };
  const allNode = packages.includes('node:');
  const named = packages.filter((name) => name !== 'node:').map(packagePath);
  return [
    {
      name: `${from}: other rooms`,
      comment: `${from} may import only ${paths.join(' ')}`,
      severity: 'error',
      from: who,
      to: { dependencyTypes: ['local'], pathNot: starts(paths) },
    },
    {
      name: `${from}: packages`,
      comment: `${from} may import only these packages: ${packages.join(' ') || 'none'}`,
      severity: 'error',
      from: who,
      to: { dependencyTypesNot: ['local', 'unknown', ...(allNode ? ['core'] : [])], pathNot: named },
    },
  ];
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...roomRules,
    {
      name: 'a folder without a rule',
      comment: 'Every folder with code is a room of the table, and the engine has no files beside its floors.',
      severity: 'error',
      from: {
        pathNot: [...rooms.map(({ from }) => `^${literal(from)}`), '^engine/platform[.]d[.]ts$', '^[^/]+$', test],
      },
      to: {},
    },
    {
      name: 'tests are not imported',
      comment: 'Code that several tests share lies in test/.',
      severity: 'error',
      from: {},
      to: { path: test },
    },
    {
      name: 'the recipe is not part of the product',
      severity: 'error',
      from: { pathNot: '^models/recipe/' },
      to: { path: '^models/recipe/' },
    },
    { name: 'cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'orphan',
      comment: 'Nothing imports this file and it imports nothing.',
      severity: 'error',
      from: { orphan: true, pathNot: ['[.]d[.]ts$', '^[^/]+$', '^models/recipe/', test] },
      to: {},
    },
    { name: 'not found', severity: 'error', from: { pathNot: '^models/recipe/' }, to: { couldNotResolve: true } },
    {
      name: 'not in package.json',
      severity: 'error',
      from: { pathNot: '^models/recipe/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^([.]cache|dist|out|runs)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'test/tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
