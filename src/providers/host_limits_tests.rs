use super::*;

fn limits(concurrency: usize, delay_ms: u64) -> Arc<HostLimits> {
    HostLimits::new(Courtesy {
        concurrency,
        delay: Duration::from_millis(delay_ms),
    })
}

fn slowdown(limits: &HostLimits) -> Duration {
    limits.with_host("a.nz", |state| state.slowdown)
}

#[test]
fn a_host_takes_as_many_as_allowed_and_again_when_one_leaves() {
    let limits = limits(1, 0);
    let Entry::Granted(first) = limits.try_enter("a.nz") else {
        panic!("nobody is there");
    };
    let first = first.taken_by(7);
    assert!(matches!(limits.try_enter("a.nz"), Entry::Full));
    assert_eq!(limits.standing("a.nz", 7), Standing::Entered);
    assert_eq!(limits.standing("a.nz", 8), Standing::HeldBack);
    assert_eq!(limits.standing("b.nz", 8), Standing::Welcome);
    assert!(matches!(limits.try_enter("b.nz"), Entry::Granted(_)));
    drop(first);
    assert_eq!(limits.standing("a.nz", 7), Standing::Welcome);
    assert!(matches!(limits.try_enter("a.nz"), Entry::Granted(_)));
}

#[test]
fn turns_are_apart_by_the_delay_or_by_what_the_host_wants() {
    let limits = limits(9, 400);
    assert_eq!(limits.reserve("a.nz", Duration::ZERO), Ok(Duration::ZERO));
    let second = limits.reserve("a.nz", Duration::from_secs(5));
    assert!(second.is_ok_and(|wait| wait > Duration::from_millis(300)), "{second:?}");
    assert!(matches!(limits.try_enter("a.nz"), Entry::Later(_)));
    let third = limits.reserve("a.nz", Duration::from_secs(5));
    assert!(third.is_ok_and(|wait| wait > Duration::from_secs(5)), "{third:?}");
    // A third in the queue would sleep for too long.
    let fourth = limits.reserve("a.nz", Duration::from_secs(5));
    assert!(fourth.is_err_and(|wait| wait > Duration::from_secs(10)), "{fourth:?}");
    assert_eq!(limits.standing("a.nz", 7), Standing::HeldBack);
}

#[test]
fn a_host_that_asks_is_left_alone_by_all() {
    let limits = limits(9, 0);
    limits.learn("a.nz", 429, Some(Duration::from_secs(30)));
    limits.learn("a.nz", 503, Some(Duration::from_secs(5)));
    let refused = limits.reserve("a.nz", Duration::ZERO);
    assert!(refused.is_err_and(|wait| wait > Duration::from_secs(25)), "{refused:?}");
    assert!(matches!(limits.try_enter("a.nz"), Entry::Later(wait) if wait > Duration::from_secs(25)));
    assert_eq!(limits.standing("a.nz", 7), Standing::HeldBack);
    assert_eq!(limits.reserve("b.nz", Duration::ZERO), Ok(Duration::ZERO));
    limits.learn("a.nz", 429, Some(Duration::MAX));
    let refused = limits.reserve("a.nz", Duration::ZERO);
    assert!(refused.is_err_and(|wait| wait <= LONGEST_REST), "{refused:?}");
}

#[test]
fn complaints_double_the_delay_and_good_answers_take_it_back_slowly() {
    let limits = limits(9, 0);
    let mut seen = Vec::new();
    for _ in 0..8 {
        limits.learn("a.nz", 503, None);
        seen.push(slowdown(&limits).as_secs());
    }
    assert_eq!(seen, [1, 2, 4, 8, 16, 32, 60, 60]);
    // Somebody else's error is no complaint, and no praise.
    limits.learn("a.nz", 500, None);
    assert_eq!(slowdown(&limits), LONGEST_SLOWDOWN);
    limits.learn("a.nz", 200, None);
    assert_eq!(slowdown(&limits), LONGEST_SLOWDOWN * 7 / 8);
    let mut answers = 1;
    while !slowdown(&limits).is_zero() {
        limits.learn("a.nz", 404, None);
        answers += 1;
    }
    assert!((30..60).contains(&answers), "{answers}");
}

#[test]
fn hosts_at_rest_are_forgotten_and_those_that_complained_are_not() {
    let limits = limits(1, 0);
    limits.learn("a.nz", 429, Some(Duration::from_secs(600)));
    for n in 0..REMEMBERED * 2 {
        drop(limits.try_enter(&format!("host-{n}.nz")));
    }
    assert!(limits.reserve("a.nz", Duration::ZERO).is_err());
    let remembered = limits.hosts.lock().unwrap_or_else(PoisonError::into_inner).len();
    assert!(remembered <= REMEMBERED, "{remembered}");
}

#[test]
fn a_list_of_hosts_that_all_complain_does_not_fill_the_memory() {
    let limits = limits(1, 0);
    limits.learn("a.nz", 429, Some(Duration::from_secs(600)));
    for n in 0..REMEMBERED * 3 {
        limits.learn(&format!("host-{n}.nz"), 503, None);
    }
    let remembered = limits.hosts.lock().unwrap_or_else(PoisonError::into_inner).len();
    assert!(remembered <= REMEMBERED, "{remembered}");
    assert!(limits.reserve("a.nz", Duration::ZERO).is_err());
}
