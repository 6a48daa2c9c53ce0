import { lockFolder } from '../../../local/lock-folder.ts';

// Locks a folder and holds it until it is killed; says what came of it.
const [directory = ''] = process.argv.slice(2);
try {
  const lock = await lockFolder(directory);
  await lock.name('http://127.0.0.1:8080');
  process.stdout.write('locked\n');
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
