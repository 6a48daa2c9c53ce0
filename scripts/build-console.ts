import { hash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { type BuildOptions, build, type OutputFile } from 'esbuild';
import { PurgeCSS } from 'purgecss';

const HERE = path.join(import.meta.dirname, '../console');
/** Where the built page goes: the first argument, or where the service looks for it. */
const DIST = path.resolve(process.argv[2] ?? path.join(HERE, 'dist'));
const PUBLIC = '/console/';
/** Bytes of all that the first view may load, compressed. */
const MAX_FIRST_VIEW = 350 * 1024;
const HASH_CHARS = 10;
const COMPRESSED = ['.html', '.js', '.css', '.svg'];

interface BuiltFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const shared: BuildOptions = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  write: false,
  target: ['chrome120', 'firefox121', 'safari17.4'],
  legalComments: 'none',
  publicPath: PUBLIC,
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  outdir: DIST,
  logLevel: 'warning',
};

/** A name that changes with the content, so that it may be cached for ever. */
function name(stem: string, extension: string, bytes: Uint8Array): BuiltFile {
  return { name: `${stem}-${hash('sha256', bytes).slice(0, HASH_CHARS)}${extension}`, bytes };
}

function take(files: readonly OutputFile[] | undefined): readonly BuiltFile[] {
  return (files ?? []).map(({ path: file, contents }) => ({ name: path.basename(file), bytes: contents }));
}

/** The scripts, and the few styles of what is painted before they run. */
async function buildScripts(): Promise<readonly BuiltFile[]> {
  const page = await build({
    ...shared,
    entryPoints: ['src/main.tsx'],
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const theme = await build({ ...shared, entryPoints: ['src/theme.ts'], format: 'iife' });
  const shell = await build({ ...shared, entryPoints: ['styles/shell.css'] });
  return [page, theme, shell].flatMap(({ outputFiles }) => take(outputFiles));
}

/** PatternFly's styles, without those whose classes no source names: most of them. */
async function buildStyles(): Promise<readonly BuiltFile[]> {
  const built = await build({
    ...shared,
    entryPoints: ['styles/main.css'],
    loader: { '.woff2': 'empty', '.svg': 'empty' },
  });
  const [style] = take(built.outputFiles).filter((file) => file.name.endsWith('.css'));
  if (style === undefined) throw new Error('there is no style to build');
  const [purged] = await new PurgeCSS().purge({
    content: [path.join(HERE, 'src/**/*.{ts,tsx}'), path.join(HERE, 'index.html')],
    css: [{ raw: Buffer.from(style.bytes).toString('utf8') }],
    defaultExtractor: (content) => content.match(/[A-Za-z0-9_-]+/g) ?? [],
    variables: true,
    keyframes: true,
    fontFace: true,
  });
  if (purged === undefined) throw new Error('there is no style left');
  const fonts = await build({ ...shared, entryPoints: ['styles/fonts.css'], loader: { '.woff2': 'file' } });
  const faces = take(fonts.outputFiles).find((file) => file.name.endsWith('.css'));
  if (faces === undefined) throw new Error('there are no fonts to build');
  const whole = Buffer.concat([faces.bytes, Buffer.from(purged.css)]);
  return [
    name('main', '.css', whole),
    ...take(fonts.outputFiles).filter((file) => file !== faces && !file.name.endsWith('.css')),
  ];
}

async function buildPage(files: readonly BuiltFile[]): Promise<BuiltFile> {
  const find = (stem: string, extension: string): string => {
    const found = files.find((file) => file.name.startsWith(`${stem}-`) && file.name.endsWith(extension));
    if (found === undefined) throw new Error(`there is no ${stem}${extension} in the build`);
    return `${PUBLIC}${found.name}`;
  };
  const page = (await readFile(path.join(HERE, 'index.html'), 'utf8'))
    .replace('%icon%', find('icon', '.svg'))
    .replace('%theme%', find('theme', '.js'))
    .replace('%shell%', find('shell', '.css'))
    .replace('%style%', find('main', '.css'))
    .replace('%main%', find('main', '.js'));
  return { name: 'index.html', bytes: Buffer.from(page) };
}

async function write({ name: file, bytes }: BuiltFile): Promise<number> {
  const place = path.join(DIST, file);
  await writeFile(place, bytes);
  if (!COMPRESSED.includes(path.extname(file))) return bytes.length;
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  const gzip = gzipSync(bytes, { level: 9 });
  await writeFile(`${place}.br`, brotli);
  await writeFile(`${place}.gz`, gzip);
  return gzip.length;
}

const icon = name('icon', '.svg', await readFile(path.join(HERE, 'icon.svg')));
const files = [...(await buildScripts()), ...(await buildStyles()), icon];
await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
let firstView = 0;
for (const file of [await buildPage(files), ...files]) {
  const size = await write(file);
  firstView += size;
  process.stdout.write(
    `${file.name.padEnd(36)} ${String(file.bytes.length).padStart(8)} ${String(size).padStart(8)} compressed\n`,
  );
}
process.stdout.write(`${'first view'.padEnd(36)} ${''.padStart(8)} ${String(firstView).padStart(8)} compressed\n`);
if (firstView > MAX_FIRST_VIEW)
  throw new Error(`the first view loads ${firstView} bytes; it may load ${MAX_FIRST_VIEW}`);
