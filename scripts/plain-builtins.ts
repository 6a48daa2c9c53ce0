import type { Plugin } from 'esbuild';

/** `require` for an ES module, without an import of its own. */
export const REQUIRE = "const require=process.getBuiltinModule('module').createRequire(import.meta.url);";

/**
 * Has some of Node's own modules asked for as they are. An `import` of one makes Node read every member that it has,
 * and some members are made only when they are read: `node:http` then loads all of `fetch`, `node:crypto` Web Crypto,
 * `node:fs` its streams, `node:process` those of the process. That was a quarter of the time in which a function starts.
 */
export const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?(?:crypto|fs|http|process)$/ }, ({ path, kind }) => {
      if (kind !== 'import-statement') return undefined;
      return { path: path.replace(/^node:/, ''), namespace: 'plain-builtin' };
    });
    build.onLoad({ filter: /./, namespace: 'plain-builtin' }, ({ path }) => ({
      contents: `module.exports = ${path === 'process' ? path : `process.getBuiltinModule('${path}')`};`,
    }));
  },
};
