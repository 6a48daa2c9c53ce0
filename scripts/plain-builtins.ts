import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/** `require` for an ES module, made when it is first called. */
export const REQUIRE = "const require=(name)=>process.getBuiltinModule('module').createRequire(import.meta.url)(name);";

/** By their names without a prefix: the names that Node knows. Some have no other than the prefixed one. */
const MODULES = new Map(builtinModules.map((name) => [name.replace(/^node:/, ''), name]));
/** What costs a start time, with all that it loads in turn: asked for when something of it is first used. */
const COSTLY = new Set([
  'child_process',
  'crypto',
  'dns',
  'fs/promises',
  'http',
  'https',
  'net',
  'stream/promises',
  'tls',
  'zlib',
]);

/** The one class of those that is only made, and of which nothing is compared with or derived. */
const AGENT = 'Agent';

/**
 * Has Node's own modules asked for as they are, and of each the members that are used. An `import` of one makes Node
 * read every member that it has, and some members are made only when they are read: `node:http` then loads all of
 * `fetch`, `node:crypto` Web Crypto, `node:fs` its streams. That was a quarter of the time in which a function starts.
 * A costly module is asked for by the first call of one of its functions, or the first `new` of an agent: who answers
 * from files never loads HTTP. What is asked for by an `import()` that has not run is not loaded either.
 */
export const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?[a-z_/0-9]+$/ }, ({ path, kind, importer }) => {
      const name = path.replace(/^node:/, '');
      if (!MODULES.has(name)) return undefined;
      // A script that is run from memory has no `import()`.
      const isLate = kind === 'dynamic-import' && build.initialOptions.format === 'cjs';
      if (kind === 'require-call' || isLate) return { path: name, namespace: 'whole-builtin' };
      if (kind !== 'import-statement') return undefined;
      // Members are read where the module is. What packages alone read need not be read before the packages are.
      const suffix = importer.includes('/node_modules/') ? '?of-packages' : '';
      return { path: name, suffix, namespace: 'plain-builtin', sideEffects: false };
    });
    build.onLoad({ filter: /./, namespace: 'whole-builtin' }, ({ path }) => ({
      contents: `module.exports = ${toLookup(path)};`,
    }));
    build.onLoad({ filter: /./, namespace: 'plain-builtin' }, ({ path }) => ({
      contents: writeModule(path),
    }));
  },
};

/** A module whose members are each read only where they are used: esbuild leaves out what is marked pure. */
function writeModule(name: string): string {
  const whole: object = process.getBuiltinModule(MODULES.get(name) ?? name) ?? {};
  const members = Object.keys(whole).filter(
    (member) => /^[A-Za-z_]\w*$/.test(member) && !(name === 'process' && isOfStart(member)),
  );
  const isLate = (member: string): boolean =>
    COSTLY.has(name) && isPlain(member, Object.getOwnPropertyDescriptor(whole, member)?.value);
  return [
    `const all = /* @__PURE__ */ (() => ${toLookup(name)})();`,
    'let kept;',
    `function ask() { return kept ??= ${toLookup(name)}; }`,
    `export default ${COSTLY.has(name) ? '/* @__PURE__ */ new Proxy({}, { get: (_, member) => ask()[member] })' : 'all'};`,
    ...members.map((member, index) => {
      if (!isLate(member)) return `const _${index} = /* @__PURE__ */ (() => all.${member})();`;
      const called = member === AGENT ? `new (ask().${member})` : `ask().${member}`;
      return `function _${index}(...args) { return ${called}(...args); }`;
    }),
    ...members.map((member, index) => `export { _${index} as ${member} };`),
  ].join('\n');
}

/** What is only called, or made. */
function isPlain(member: string, value: unknown): boolean {
  return typeof value === 'function' && (member === AGENT || /^[a-z]/.test(member));
}

/** What a process has by how it was started. esbuild chooses short names by all that it reads, used or not. */
function isOfStart(member: string): boolean {
  return member.startsWith('_') || ['channel', 'connected', 'disconnect', 'emit', 'send'].includes(member);
}

function toLookup(name: string): string {
  return name === 'process' ? name : `process.getBuiltinModule('${MODULES.get(name) ?? name}')`;
}
