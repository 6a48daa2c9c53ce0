/** How long a run measures: `quick` shows that every row works, and its figures are noise. */
export type Effort = 'full' | 'quick';
