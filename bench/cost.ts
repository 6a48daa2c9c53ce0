import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatDocument } from '../scripts/format-documents.ts';
import { ASSUMPTIONS } from './cost/assumptions.ts';
import { billMirror, billReads, billVerifications, billWatching } from './cost/bills.ts';
import { formatCosts } from './cost/format-costs.ts';
import { findMeasured } from './cost/measured-functions.ts';
import { readResults } from './results-file.ts';

// `node bench/cost.ts [RESULTS]` writes docs/cost.md from the results of a run and the assumptions.
const report = readResults(process.argv[2]);
const functions = ['verify-image', 'plan-mirror', 'mirror-signatures'].map((name) => findMeasured(report, name));
const [verify, plan, mirror] = functions;
if (verify === undefined || plan === undefined || mirror === undefined) throw new TypeError('a function is missing');
const bills = [
  billVerifications(verify, ASSUMPTIONS),
  billReads(ASSUMPTIONS),
  billMirror(plan, mirror, ASSUMPTIONS),
  billWatching(ASSUMPTIONS),
];
const called = {
  receivePush: findMeasured(report, 'receive-push'),
  verifyPushed: findMeasured(report, 'verify-pushed'),
  verifyImage: verify,
  reviewAdmission: findMeasured(report, 'review-admission'),
};
const file = path.join(import.meta.dirname, '../docs/cost.md');
writeFileSync(file, formatDocument(formatCosts(report, functions, bills, called, ASSUMPTIONS)));
