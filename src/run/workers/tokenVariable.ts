/** The environment variable that holds the token of a run's workers. */
export const WORKER_TOKEN_VARIABLE = 'SCALEQUEST_WORKER_TOKEN';
