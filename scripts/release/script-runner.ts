import { Script } from 'node:vm';

/** A script that the single file holds: as it was bundled, and what V8 compiled of it, empty where nothing is. */
export interface StoredScript {
  readonly source: Buffer;
  readonly code: Buffer;
}

/** The functions that a bundled script is wrapped in, so that it finds what a CommonJS module finds. */
export const WRAPPER = { start: '(function (module, exports, require, __filename) {', end: '\n})' } as const;

type Wrapped = (module: { exports: unknown }, exports: unknown, require: Require, filename: string) => void;
type Require = (name: string) => unknown;

/** The commands that have a script of their own: it is read in a part of the time that the one of all commands takes. */
export const ALONE: readonly string[] = ['signature', 'verify'];
/** The script of all other commands. */
export const ALL = 'signet';
/** Libraries that are a script of their own, which the others share, and which is read when one of them asks for it. */
export const LIBRARIES: readonly string[] = ['openpgp'];

/** Calls whose compiled code is kept, and the script that it is of: a command's, or that of all. */
export interface RecordedCalls {
  readonly script: string;
  /** What follows `signet`. */
  readonly lines: readonly (readonly string[])[];
}

/** The scripts of the single file, each compiled once. */
export class ScriptRunner {
  readonly #read: (name: string) => StoredScript;
  readonly #scripts = new Map<string, Script>();

  constructor(read: (name: string) => StoredScript) {
    this.#read = read;
  }

  /** Runs the script of a call's first word. It goes on by itself. */
  start(word: string | undefined): void {
    this.#run(word !== undefined && ALONE.includes(word) ? word : ALL);
  }

  /** What V8 has compiled by now of each script that ran: all functions that were called. */
  compiled(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#scripts].map(([name, script]) => [name, script.createCachedData()]));
  }

  #run(name: string): unknown {
    const module: { exports: unknown } = { exports: {} };
    const wrapped = this.#compile(name).runInThisContext() as Wrapped;
    wrapped(module, module.exports, (library) => this.#run(library), process.execPath);
    return module.exports;
  }

  #compile(name: string): Script {
    const known = this.#scripts.get(name);
    if (known !== undefined) return known;
    const { source, code } = this.#read(name);
    // It is ASCII: V8 holds it as it is. Compiled code that this V8 does not take is compiled anew.
    const script = new Script(source.toString('latin1'), {
      filename: `${name}.cjs`,
      ...(code.length > 0 ? { cachedData: code } : {}),
    });
    this.#scripts.set(name, script);
    return script;
  }
}
