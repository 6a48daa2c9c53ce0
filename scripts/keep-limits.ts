import type { Preprocessor } from 'knip';

/** A constant: `MAX_BUNDLE_FILES`. */
const CONSTANT = /^[A-Z][A-Z0-9_]*$/;

/**
 * Takes constants out of what knip reports of production: a limit may be exported for the test that crosses it. The
 * second run of `npm run unused`, with the tests, finds those that no test imports either.
 */
const keepLimits: Preprocessor = ({ issues, counters, ...options }) => {
  const files = Object.entries(issues.exports).map(([file, exports]) => {
    const left = Object.entries(exports).filter(([name]) => !CONSTANT.test(name));
    return [file, Object.fromEntries(left)] as const;
  });
  const exports = Object.fromEntries(files.filter(([, left]) => Object.keys(left).length > 0));
  const count = Object.values(exports).reduce((sum, left) => sum + Object.keys(left).length, 0);
  return { ...options, issues: { ...issues, exports }, counters: { ...counters, exports: count } };
};

export default keepLimits;
