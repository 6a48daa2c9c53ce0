import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeScene } from './examples/scene.ts';
import { listDocuments } from './format-documents.ts';

// `npm run examples` runs the examples of the documents and writes what they print; with `--check` it changes nothing,
// and exits 1 when one prints something else. `--scene DIR` writes the files that they work on, and runs nothing. An example is a block of ```console after a line `<!-- run -->`: its
// commands run one after the other in the folder that writeScene fills, which is kept for the whole document.

const ROOT = path.join(import.meta.dirname, '..');
const EXAMPLE = /(<!-- run -->\n+```console\n)([\s\S]*?)(\n```)/g;
const DIGEST = 'quay.io/openshift-release-dev/ocp-release@sha256:';

/** The document with the output that its examples have now. */
function runExamples(text: string): string {
  if (!text.includes('<!-- run -->')) return text;
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-examples-'));
  try {
    writeScene(folder);
    return text.replaceAll(EXAMPLE, (_, head: string, body: string, tail: string) => {
      const outputs = splitCommands(body).map((command) => {
        const output = run(command, folder);
        return output === '' ? `$ ${command}` : `$ ${command}\n${output}`;
      });
      return head + outputs.join('\n') + tail;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The commands of a block, with their continued lines and without what they printed. */
function splitCommands(body: string): readonly string[] {
  const commands: string[] = [];
  let isContinued = false;
  for (const line of body.split('\n')) {
    if (line.startsWith('$ ')) commands.push(line.slice(2));
    else if (isContinued) commands.push(`${commands.pop()}\n${line}`);
    isContinued = line.endsWith('\\') && (isContinued || line.startsWith('$ '));
  }
  return commands;
}

/** What a command prints, on either stream; digests and the folder are shortened. */
function run(command: string, folder: string): string {
  const { stdout } = spawnSync('bash', ['-c', `exec 2>&1\n${command}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, ...VARIABLES },
  });
  return (
    stdout
      .replaceAll(folder, '…')
      // When a digest is looked up again: an hour after the run.
      .replaceAll(/(again from )[0-9T:.-]+Z/g, '$1…')
      // When a mirror of the run was written.
      .replaceAll(/ [0-9-]{10}T[0-9]{2}:[0-9]{2}$/gm, ' …')
      .replaceAll(/(sha256[:=-])([0-9a-f]{8})[0-9a-f]{52}([0-9a-f]{4})/g, '$1$2…$3')
      .replace(/\n+$/, '')
  );
}

/** Variables that the documents explain once. */
const VARIABLES = {
  TRUST: 'test/fixtures/releases/trust',
  STORE: 'test/fixtures/releases/signatures',
  BASE: 'quay.io/openshift-release-dev/ocp-release',
  RELEASE: `${DIGEST}288d8f4bf7b6d00694dd8b930511426ef0d6946540defd0ec093fcef34c69f32`,
  TAMPERED: `${DIGEST}32254b81d2e701c06c941edf95bb8769e4f375b286e6d8cfab34d92dd6b96f14`,
};

const { check, scene } = parseArgs({ options: { check: { type: 'boolean' }, scene: { type: 'string' } } }).values;
if (scene === undefined) runAll(check === true);
else {
  writeScene(scene);
  process.stdout.write(`wrote the files of the examples to ${scene}\n`);
}

function runAll(isCheck: boolean): void {
  for (const file of listDocuments()) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const made = runExamples(text);
    if (made === text) continue;
    if (isCheck) {
      process.stderr.write(`${file}: an example prints something else: npm run examples\n`);
      process.exitCode = 1;
    } else writeFileSync(path.join(ROOT, file), made);
  }
}
