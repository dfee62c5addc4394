// Takes whatever comes, and says nothing.
export const handler = async () => {};
