//! Durable commits of the embedded store by number of callers: each puts a record of 512 bytes, or appends a
//! mailbox entry of 1 kB and takes it out again. The folder lies in `POSTERN_BENCH_FOLDER`, else among the
//! temporary files; say which disk it was beside every figure.

#![expect(clippy::unwrap_used, reason = "a benchmark that fails is a panic")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use postern::store::{Changes, Key, Store, open};
use postern::time::Timestamp;

#[derive(Clone, Copy)]
enum Load {
    Put,
    AppendAndTake,
}

async fn caller(store: Store, load: Load, left: Arc<AtomicU64>, caller: usize) {
    let body = Bytes::from(vec![b'x'; if matches!(load, Load::Put) { 512 } else { 1_024 }]);
    let key = Key::of(&["bench", &caller.to_string()]);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        let mut changes = Changes::default();
        match load {
            Load::Put => {
                changes.put(key.clone(), body.clone());
                store.commit(changes).await.unwrap();
            }
            Load::AppendAndTake => {
                changes.append(key.clone(), body.clone(), Timestamp(1));
                let seq = store.commit(changes).await.unwrap().appended[0];
                let mut changes = Changes::default();
                changes.take(key.clone(), seq);
                store.commit(changes).await.unwrap();
            }
        }
    }
}

async fn run(store: &Store, load: Load, callers: usize, count: u64) -> Duration {
    let left = Arc::new(AtomicU64::new(count));
    let start = Instant::now();
    let running: Vec<_> =
        (0..callers).map(|n| tokio::spawn(caller(Arc::clone(store), load, Arc::clone(&left), n))).collect();
    for caller in running {
        caller.await.unwrap();
    }
    start.elapsed()
}

fn commits(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let parent = std::env::var_os("POSTERN_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    for (name, load, commits) in [("put", Load::Put, 1), ("append and take", Load::AppendAndTake, 2)] {
        let mut group = criterion.benchmark_group(format!("store/{name}"));
        group.throughput(Throughput::Elements(commits)).sample_size(10).measurement_time(Duration::from_secs(3));
        for callers in [1, 16, 64, 256] {
            let folder = tempfile::tempdir_in(&parent).unwrap();
            let store = open(folder.path()).unwrap();
            group.bench_function(BenchmarkId::from_parameter(callers), |bencher| {
                bencher.iter_custom(|count| runtime.block_on(run(&store, load, callers, count)));
            });
            runtime.block_on(store.close()).unwrap();
        }
        group.finish();
    }
}

criterion_group!(benches, commits);
criterion_main!(benches);
