import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

/** What evaluating a signature is made of: functions of the language and of Node, by the object that holds them. */
const STEPS: readonly (readonly [holder: object, names: readonly string[]])[] = [
  [crypto, ['createHash', 'createPublicKey', 'hash', 'verify']],
  [crypto.KeyObject.prototype, ['equals']],
  [crypto.X509Certificate.prototype, ['verify']],
  [zlib, ['inflateRawSync', 'inflateSync']],
  [Buffer, ['alloc', 'byteLength', 'compare', 'concat', 'from']],
  [Buffer.prototype, ['equals', 'indexOf', 'readUInt16BE', 'readUIntBE', 'toString', 'writeUInt16BE', 'writeUInt32BE']],
  [Object.getPrototypeOf(Uint8Array.prototype), ['findIndex', 'indexOf', 'set', 'some', 'subarray']],
  [TextDecoder.prototype, ['decode']],
  [JSON, ['parse', 'stringify']],
  [Date.prototype, ['getTime', 'setUTCFullYear', 'setUTCHours', 'toISOString']],
  [Object, ['entries', 'fromEntries', 'hasOwn', 'keys']],
  [Map.prototype, ['get', 'set']],
  [Set.prototype, ['has']],
  [WeakMap.prototype, ['get', 'set']],
  [RegExp.prototype, ['exec', 'test']],
  [Number, ['isInteger', 'isSafeInteger']],
  [
    Array.prototype,
    ['at', 'every', 'filter', 'find', 'findIndex', 'flatMap', 'includes', 'join', 'map', 'slice', 'some', 'toSorted'],
  ],
  [
    String.prototype,
    ['endsWith', 'includes', 'indexOf', 'match', 'replace', 'replaceAll', 'split', 'startsWith', 'trim'],
  ],
];

export interface StepFaults {
  /** Runs it, with what the nth of its steps throws instead of being taken; counted from 0. */
  readonly run: <T>(evaluate: () => T, at?: number, thrown?: unknown) => { readonly value: T; readonly steps: number };
  readonly restore: () => void;
}

/**
 * Makes every call of these functions a step that can be made to fail, while `run` runs: a stand-in for a defect at any
 * place of an evaluation. What runs must not wait for anything.
 */
export function installStepFaults(): StepFaults {
  let steps = 0;
  let failing = -1;
  let isCounting = false;
  let reason: unknown;
  const originals = STEPS.flatMap(([holder, names]) =>
    names.map((name) => ({ holder, name, descriptor: Object.getOwnPropertyDescriptor(holder, name) })),
  );
  for (const { holder, name, descriptor } of originals) {
    const original: unknown = descriptor?.value;
    if (typeof original !== 'function') throw new Error(`there is no function ${name} to make fail`);
    const step = function (this: unknown, ...given: unknown[]): unknown {
      if (isCounting) {
        steps += 1;
        if (steps - 1 === failing) throw reason;
      }
      return Reflect.apply(original, this, given);
    };
    Object.defineProperty(holder, name, { ...descriptor, value: step });
  }
  syncBuiltinESMExports();
  return {
    run: (evaluate, at = -1, thrown) => {
      steps = 0;
      failing = at;
      reason = thrown;
      isCounting = true;
      try {
        return { value: evaluate(), steps };
      } finally {
        isCounting = false;
      }
    },
    restore: () => {
      for (const { holder, name, descriptor } of originals) {
        if (descriptor !== undefined) Object.defineProperty(holder, name, descriptor);
      }
      syncBuiltinESMExports();
    },
  };
}
