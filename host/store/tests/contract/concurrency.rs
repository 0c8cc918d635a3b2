//! Many callers at once.

use crate::*;

contract![
    tasks_counting_together_lose_nothing,
    swaps_side_by_side_have_one_winner,
    twins_side_by_side_have_one_winner
];

async fn tasks_counting_together_lose_nothing(House { store, .. }: House) {
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut sums = Vec::new();
                for _ in 0..25 {
                    sums.push(count(&*store, &own().cell("n"), 1).await.unwrap());
                }
                sums
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let sums = task.await.unwrap();
        assert!(sums.is_sorted());
        all.extend(sums);
    }
    all.sort_unstable();
    assert_eq!(all, (1..=400).collect::<Vec<_>>(), "each sum was given out once");
    assert_eq!(read(&*store, &own().cell("n")).await.as_deref(), Some("400"));
}

async fn swaps_side_by_side_have_one_winner(House { store, .. }: House) {
    let version = set(&*store, &own().cell("k"), "free").await;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (store, version) = (Arc::clone(&store), version.clone());
            let swap = Write::compare_and_swap(own().cell("k"), n.to_string(), Some(version));
            tokio::spawn(async move { one(&*store, swap).await.is_ok() })
        })
        .collect();
    let mut winners = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        if task.await.unwrap() {
            winners.push(n.to_string());
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(read(&*store, &own().cell("k")).await, winners.pop());
}

async fn twins_side_by_side_have_one_winner(House { store, .. }: House) {
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.accept(event("same")).await.unwrap() })
        })
        .collect();
    let mut accepted = 0;
    let mut of_all = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Accepted::New(seq) => {
                accepted += 1;
                of_all.push(seq);
            }
            Accepted::Twin { seq, finished } => {
                assert!(!finished);
                of_all.push(seq);
            }
        }
    }
    assert_eq!(accepted, 1);
    let open = store.unfinished().await.unwrap();
    assert_eq!(open.len(), 1);
    assert!(of_all.iter().all(|seq| *seq == open[0].seq), "{of_all:?}");
}
