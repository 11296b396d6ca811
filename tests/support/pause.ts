/** Waits for a time, in seconds: between two looks at a state, or where a test is about the passing of time itself. */
export function pause(seconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, seconds * 1000));
}
