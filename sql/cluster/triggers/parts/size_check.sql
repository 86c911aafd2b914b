IF ${greatest_size} > ${limit} THEN
    CALL require_size('${table}', ${record}, ${limit},
        IF(${least_size} > ${limit}, ${least_size}, ${exact_size}));
END IF;
