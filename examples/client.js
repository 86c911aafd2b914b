// A client that writes to Main, fails over to Node A, alerts, and never writes twice.
//
//     node examples/client.js tt9100002 'A title'
//
// Reads MAIN_DATABASE_URL and NODE_A_DATABASE_URL (mysql://user:password@host:port/database). Prints one line of JSON;
// ends with 0 once the write is done, else with 1. `npm ci` in this folder installs mysql2.
'use strict'

const crypto = require('node:crypto')
const mysql = require('mysql2/promise')

const PATIENCE = 30000 // milliseconds until the write is given up; a failover takes a few seconds
const ATTEMPT = 5000 // milliseconds that one attempt may take: a frozen server says nothing
const INVALID = 45004
const NODES = { Main: 'MAIN_DATABASE_URL', 'Node A': 'NODE_A_DATABASE_URL' }

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function alert (node, reason) {
  process.stderr.write(`ALERT ${node} did not take the write: ${reason}\n`)
}

// One attempt. The id is the same in each: a node that has the write already says so and writes nothing.
async function insert (url, transactionId, tconst, title) {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 2000 })
  try {
    await connection.query({ sql: 'SET @current_transaction_id = ?', timeout: ATTEMPT }, [transactionId])
    const sql = 'CALL distributed_insert(?, ?, NULL, NULL, NULL, NULL)'
    const [results] = await connection.query({ sql, timeout: ATTEMPT }, [tconst, title])
    return results[0][0].message
  } finally {
    connection.destroy()
  }
}

// Tries Main, then Node A, again and again until one has done it.
async function write (tconst, title) {
  const transactionId = crypto.randomUUID()
  const deadline = Date.now() + PATIENCE
  while (Date.now() < deadline) {
    for (const [node, variable] of Object.entries(NODES)) {
      try {
        const message = await insert(process.env[variable], transactionId, tconst, title)
        return { node, transaction_id: transactionId, message }
      } catch (error) {
        if (error.errno === INVALID) throw error
        alert(node, error.message || error.code)
      }
    }
    await sleep(500)
  }
  throw new Error(`Transaction ${transactionId}: the outcome is unknown. Look it up before you write again.`)
}

write(process.argv[2], process.argv[3]).then(
  (done) => process.stdout.write(JSON.stringify(done) + '\n'),
  (problem) => { process.stderr.write(problem.message + '\n'); process.exitCode = 1 }
)
