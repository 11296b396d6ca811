/** A review that can't be made, for a reason that its user can do something about: one sentence. */
export class ReviewError extends Error {}
