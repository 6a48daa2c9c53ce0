import { startQueues } from '../../../local/start-queues.ts';

// The embedded SQS alone, so that its memory and its life are not the consumers'.
const [directory = '', visibilitySeconds = '5'] = process.argv.slice(2);
const { push, mirror, export: exports } = await startQueues(directory, Number(visibilitySeconds));
process.stdout.write(`${JSON.stringify({ push, mirror, export: exports })}\n`);
