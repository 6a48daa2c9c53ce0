import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** One question to the library of nodes: an operation of `go/serve.go` and what it takes; bytes become base64. */
export interface OracleQuestion {
  readonly operation: string;
  readonly bytes?: Uint8Array;
  readonly directory?: string;
  readonly reference?: string;
  readonly registriesD?: string;
  readonly write?: boolean;
  readonly keys?: readonly Uint8Array[];
  readonly signature?: string;
  readonly payload?: Uint8Array;
}

export interface OracleAnswer {
  /** Empty where the library accepts. */
  readonly error: string;
  readonly output?: Readonly<Record<string, unknown>>;
}

export interface Oracle {
  /** Answers in the order of the questions; many may wait at once. */
  readonly ask: (question: OracleQuestion) => Promise<OracleAnswer>;
  readonly close: () => void;
}

/** Starts the test tool node-library as a server of questions. Key files of policies are relative to `folder`. */
export function startOracle(program: string, folder: string): Oracle {
  const child: ChildProcessWithoutNullStreams = spawn(program, ['--serve'], { cwd: folder });
  const lines: Interface = createInterface({ input: child.stdout });
  const waiting: { readonly resolve: (answer: OracleAnswer) => void; readonly reject: (error: Error) => void }[] = [];
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2000);
  });
  lines.on('line', (line) => waiting.shift()?.resolve(JSON.parse(line) as OracleAnswer));
  child.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`node-library ended: ${said}`));
  });
  return {
    ask(question) {
      const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
      const { bytes, payload, keys, ...rest } = question;
      const text = JSON.stringify({
        ...rest,
        ...(bytes === undefined ? {} : { bytes: toBase64(bytes) }),
        ...(payload === undefined ? {} : { payload: toBase64(payload) }),
        ...(keys === undefined ? {} : { keys: keys.map(toBase64) }),
      });
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${text}\n`);
      });
    },
    close: () => child.stdin.end(),
  };
}
